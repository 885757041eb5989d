package ircd

import (
	"errors"
	"slices"
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdPass keeps account:password, or the server's password, until the
// registration is complete (docs/protocol.md, "Publishing over IRC").
func (c *client) cmdPass(msg *ircmsg.Message) error {
	if c.registered {
		return errAlreadyRegistered
	}
	c.password = msg.Params[0]
	return nil
}

// usePass takes what PASS has given: account:password or account/password, if
// there was no other login, or the server's password.
func (c *client) usePass() error {
	given, said := c.password, c.said
	c.password, c.said = "", nil
	name, secret, isLogin := c.cutPass(given)
	var account Account
	var err error
	switch {
	case given == "", (isLogin || c.srv.cfg.Password == nil) && c.hasAccount():
		return nil
	case isLogin:
		account, err = c.login(name, secret)
	case c.srv.cfg.Password != nil:
		err = c.counted(c.srv.cfg.Password(given, c.conn.from.Counted))
	default:
		err = c.toldPassword(given, said)
		c.password = given // for the names that may still come
	}
	c.lock()
	defer c.unlock()
	if err == nil && isLogin {
		err = c.loggedIn(account)
	}
	if err != nil {
		c.reply("464", err.Error())
		c.flush()
		return errQuit("Login failed: " + err.Error())
	}
	c.admitted = c.admitted || !isLogin && c.srv.cfg.Password != nil
	return nil
}

// cutPass takes account:password apart, and account/password, for clients that
// have another use for the colon. Where the server itself has a password, which
// may have a slash, that is one only with an account before it.
func (c *client) cutPass(given string) (name, secret string, isLogin bool) {
	if name, secret, isLogin = strings.Cut(given, ":"); isLogin {
		return name, secret, true
	}
	name, secret, isLogin = strings.Cut(given, "/")
	return name, secret, isLogin && (c.srv.cfg.Password == nil || c.isAccount(name))
}

// isAccount reports whether there is an account of this name.
func (c *client) isAccount(name string) bool {
	c.lock()
	defer c.unlock()
	return c.srv.owners[foldNick(name)] != "" || c.srv.publishers[foldNick(name)] != nil
}

func (c *client) hasAccount() bool {
	c.lock()
	defer c.unlock()
	return c.account != ""
}

// maxSaid is how many names a connection's registration is checked for.
const maxSaid = 4

// noteSaid keeps what a client calls itself until it has registered.
func (c *client) noteSaid(name string) {
	if !c.registered && len(c.said) < maxSaid && !slices.Contains(c.said, name) {
		c.said = append(c.said, name)
	}
}

// toldPassword is the error of a registration that would show a password: some
// clients take account:password apart at the colon, and give the account as the
// password and the password as a nick. A client that gives an account's name as
// the password tries to log in to it; nobody sees what came with it before that is
// known.
func (c *client) toldPassword(account string, said []string) error {
	if c.srv.cfg.Login == nil || !c.isAccount(account) {
		return nil
	}
	for _, name := range said {
		if _, err := c.login(account, name); err == nil {
			return errors.New("what you call yourself is the password of " + account +
				": your client takes account:password apart, give it account/password")
		}
	}
	return nil
}
