package ircd

import (
	"bytes"
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// cmdAuthenticate logs in by SASL (ircv3.net/specs/extensions/sasl-3.2). The
// password is checked without the server's lock.
func (c *client) cmdAuthenticate(msg *ircmsg.Message) error {
	param := msg.Params[0]
	switch {
	case c.hasAccount():
		return numeric("907", "You have logged in already")
	case param == "*":
		c.sasl.begun = false
		c.sasl.buffer.Clear()
		return numeric("906", "The login was aborted")
	case !c.sasl.begun:
		return c.saslBegin(param)
	}
	done, response, err := c.sasl.buffer.Add(param)
	if err != nil || done {
		c.sasl.begun = false
	}
	switch {
	case len(param) > 400:
		return numeric("905", "A line of a SASL response has at most 400 bytes")
	case err != nil:
		return numeric("904", "The SASL response is not base64, or too long")
	case !done:
		return nil
	}
	return c.saslPlain(response)
}

func (c *client) saslBegin(mechanism string) error {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	if !strings.EqualFold(mechanism, "PLAIN") {
		c.reply("908", "PLAIN", "are available SASL mechanisms")
		return numeric("904", "This server does not know this SASL mechanism")
	}
	c.sasl.begun = true
	c.respond(message{command: "AUTHENTICATE", params: []string{"+"}})
	return nil
}

// saslPlain takes "authzid NUL account NUL secret" (RFC 4616). To act for
// somebody else is not possible.
func (c *client) saslPlain(response []byte) error {
	parts := bytes.Split(response, []byte{0})
	if len(parts) != 3 {
		return numeric("904", "The SASL PLAIN response must have an account and a password")
	}
	actFor, name, secret := string(parts[0]), string(parts[1]), string(parts[2])
	if actFor != "" && ircbus.Fold(actFor) != ircbus.Fold(name) {
		return numeric("904", "Nobody can log in for somebody else")
	}
	account, err := c.login(name, secret)
	if err != nil {
		return numeric("904", err.Error())
	}
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	c.loggedIn(account)
	c.reply("903", "Login successful")
	return nil
}
