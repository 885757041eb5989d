package ircd

import (
	"errors"

	"github.com/ergochat/irc-go/ircutils"
)

// maxSASL limits, in bytes, what a client may send to log in.
const maxSASL = 1024

// saslState is how far a login by AUTHENTICATE has come.
type saslState struct {
	begun  bool
	buffer ircutils.SASLBuffer
}

// login asks whether the secret is the account's. It may take long, so the
// server's lock is not held.
func (c *client) login(name, secret string) (Account, error) {
	if c.srv.cfg.Login == nil {
		return Account{}, errors.New("nobody can log in on this server")
	}
	return c.srv.cfg.Login(c.srv.stop, name, secret, c.conn.addr)
}

// loggedIn notes the account, tells the client and whoever wants to know.
func (c *client) loggedIn(a Account) {
	account := a.Name
	if p := c.srv.publishers[foldNick(account)]; p != nil {
		account = p.name
	}
	c.account, c.mayOper = account, a.Operator
	c.conn.trust(c.srv.cfg.Limits.Behind)
	c.reply("900", c.maskNow(), account, "You are now logged in as "+account)
	if p := c.srv.publishers[foldNick(account)]; p != nil && c.publisher != p {
		c.become(p)
	} else if c.registered {
		c.announceAccount()
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
	for c := range s.clients {
		if c.account != "" && gone[foldNick(c.account)] {
			c.conn.finish("ERROR :The login as " + c.account + " is no longer good: log in again")
		}
	}
}

func (c *client) announceAccount() {
	m := c.message("ACCOUNT", c.account)
	for other := range c.neighbours() {
		if other.caps.has(capAccountNotify) {
			other.send(m)
		}
	}
	if c.registered && c.caps.has(capAccountNotify) {
		c.respond(m)
	}
}

// maskNow is nick!user@host, also before there is a nick.
func (c *client) maskNow() string {
	user := c.userName()
	if user == "" {
		user = "*"
	}
	return c.name() + "!" + user + "@" + c.hostName()
}

// become makes the connection one of the publisher's: it gets the publisher's
// nick, whatever NICK said (docs/protocol.md, "Publishing over IRC").
func (c *client) become(p *publisher) {
	if c.publisher != nil {
		delete(c.publisher.clients, c)
	}
	if c.registered {
		c.announceBecoming(p)
		if key := foldNick(c.nick); c.srv.nicks[key] == c {
			delete(c.srv.nicks, key)
		}
		c.nick = p.name
	}
	c.publisher, c.account = p, p.name
	c.own = newOwn()
	c.exempt.Store(true)
	if c.registered {
		if len(p.clients) == 0 {
			c.announceAccount()
		} else {
			c.announceJoins()
		}
	}
	p.clients[c] = struct{}{}
	c.rerender()
}

// announceBecoming tells others of the new nick. If the publisher has a
// connection already, they may know it: for them the old nick quits.
func (c *client) announceBecoming(p *publisher) {
	renamed := c.message("NICK", p.name)
	if len(p.clients) > 0 {
		c.announceQuit("Logged in as " + p.name)
	} else {
		for other := range c.neighbours() {
			other.send(renamed)
		}
	}
	c.respond(renamed)
}

// announceJoins shows the publisher in the channels where no other connection
// of it is, to those who have seen the old nick quit.
func (c *client) announceJoins() {
	for _, m := range c.joined {
		if m.channel == nil || m.channel.doubled(c) {
			continue
		}
		for other := range m.channel.others(c) {
			other.send(c.joinMessage(m.name, other.caps))
		}
	}
}

// rename gives a registered person another nick and tells everybody concerned.
func (c *client) rename(nick string) {
	renamed := c.message("NICK", nick)
	for other := range c.neighbours() {
		other.send(renamed)
	}
	c.respond(renamed)
	if key := foldNick(c.nick); c.srv.nicks[key] == c {
		delete(c.srv.nicks, key)
	}
	c.nick = nick
	c.srv.nicks[foldNick(nick)] = c
}
