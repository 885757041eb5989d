package ircd

import (
	"errors"
	"time"

	"github.com/ircbus/ircbus"
)

// maxLogins is how many proofs of who somebody is may fail on one connection, in
// whatever commands.
const maxLogins = 10

// login asks whether the secret is the account's. It may take long, so the
// server's lock is not held.
func (c *client) login(name, secret string) (Account, error) {
	if c.srv.cfg.Login == nil {
		return Account{}, errors.New("nobody can log in on this server")
	}
	account, err := c.srv.cfg.Login(c.srv.stop, name, secret, c.conn.from.Counted)
	return account, c.counted(err)
}

// counted counts a proof that failed; see tooManyFailed.
func (c *client) counted(err error) error {
	if err != nil {
		c.failed++
	}
	return err
}

// tooManyFailed ends the connection after too many proofs that failed.
func (c *client) tooManyFailed() error {
	if c.failed < maxLogins {
		return nil
	}
	return errQuit("Too many logins failed")
}

// bound reports whether the connection shares its nick, or might, by its account.
func (c *client) bound() bool {
	return c.registered && (c.publisher != nil || len(c.clients) > 1)
}

var errNothingToPublish = errors.New("this token is good for publishing alone, and its account is no publisher's")

var errBound = errors.New("you share your nick by your account: connect anew for another account")

// loggedIn notes the account, tells the client and whoever wants to know.
func (c *client) loggedIn(a Account) error {
	account := a.Name
	if p := c.srv.publishers[foldNick(account)]; p != nil {
		account = p.name
	}
	switch {
	case c.bound() && foldNick(c.account) != foldNick(account):
		return errBound
	case a.Scope == ircbus.ScopePublish && c.srv.publishers[foldNick(account)] == nil:
		return errNothingToPublish
	}
	changed := foldNick(c.account) != foldNick(account)
	c.account, c.enrolled, c.mayOper = account, a.Created, a.Operator && !a.Token
	if c.scope, c.proven = a.Scope, time.Now(); a.Token {
		c.proven = time.Time{}
	}
	c.conn.trust(c.srv.cfg.Limits.Behind)
	c.reply("900", c.maskNow(), account, "You are now logged in as "+account)
	if k := c.srv.banned(c); k != nil && c.registered {
		c.enforce(k)
		return nil
	}
	switch p := c.srv.publishers[foldNick(account)]; {
	case !c.registered:
		c.exempt.Store(p != nil)
	case p != nil && c.person != p.person:
		c.become(p.person) // docs/protocol.md, "Publishing over IRC"
	case changed:
		c.announceAccount()
	}
	c.settle()
	if c.registered {
		c.openInbox()
	}
	return nil
}

// settle sees to it, after a login, that the account's nick and the client's are
// their owners'.
func (c *client) settle() {
	if c.publisher != nil || c.srv.publishers[foldNick(c.account)] != nil {
		return
	}
	c.srv.claim(c.account)
	if c.registered && c.srv.reserved(c.nick, c.person) != "" {
		c.srv.deprive(c.person, c)
	}
}

// LogOut ends the connections of accounts whose secrets are no longer good. What
// they have sent before is still stored.
func (s *Server) LogOut(accounts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := make(map[lcNick]bool, len(accounts))
	for _, account := range accounts {
		gone[foldNick(account)] = true
	}
	for _, p := range s.nicks {
		if p.isOperator() && gone[foldNick(p.operator)] {
			s.layDown(p)
			p.announceModes(nil, "-o")
		}
	}
	for c := range s.clients {
		switch {
		case c.account == "" || !gone[foldNick(c.account)]:
		case c.renewed: // it has changed the account itself
			c.renewed = false
		default:
			c.conn.finish("ERROR :The login as " + c.account + " is no longer good: log in again")
		}
	}
}

func (c *client) announceAccount() {
	m := c.message("ACCOUNT", c.account)
	c.srv.announce(c.person, c, capAccountNotify, m)
	c.confirm(capAccountNotify, m)
}

// maskNow is nick!user@host, also before there is a nick.
func (c *client) maskNow() string {
	user := c.user
	if user == "" {
		user = "*"
	}
	return c.name() + "!" + user + "@" + c.host
}
