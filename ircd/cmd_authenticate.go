package ircd

import (
	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ergochat/irc-go/ircutils"
)

// saslChunk is how long a piece of base64 in an AUTHENTICATE may be; a shorter one
// is the last (ircv3.net/specs/extensions/sasl-3.1#the-authenticate-command).
const saslChunk = 400

// cmdAuthenticate logs in by SASL (ircv3.net/specs/extensions/sasl-3.2), at any
// time and again, unless others share the nick by the account.
func (c *client) cmdAuthenticate(msg *ircmsg.Message) error {
	param := msg.Params[0]
	switch {
	case param == "*":
		c.sasl = nil
		return numeric("906", "The login was aborted")
	case c.sasl == nil:
		return c.saslBegin(param)
	case len(param) > saslChunk:
		c.sasl = nil
		return numeric("905", "A line of a SASL response has at most 400 bytes")
	}
	done, response, err := c.sasl.buffer.Add(param)
	switch {
	case err != nil:
		c.sasl = nil
		return numeric("904", "The SASL response is not base64, or too long")
	case !done:
		return nil
	}
	return c.saslStep(response)
}

func (c *client) saslBegin(name string) error {
	m := c.mechanism(name)
	c.lock()
	defer c.unlock()
	switch {
	case c.bound():
		return numeric("907", "You have logged in already, and share your nick by that: connect anew for another account")
	case m == nil:
		c.reply("908", c.mechanisms(), "are available SASL mechanisms")
		return numeric("904", "This server does not know this SASL mechanism, or not on this connection")
	}
	c.sasl = newSASL(m)
	c.challenge("")
	return nil
}

// saslStep takes a whole response.
func (c *client) saslStep(response []byte) error {
	account, challenge, err := c.sasl.mechanism.step(c, response)
	c.lock()
	defer c.unlock()
	switch {
	case err != nil:
		c.sasl = nil
		return numeric("904", err.Error())
	case account == nil:
		c.challenge(challenge)
		return nil
	}
	c.sasl = nil
	if err := c.loggedIn(*account); err != nil {
		return numeric("904", err.Error())
	}
	c.reply("903", "Login successful")
	return nil
}

// challenge sends what the client has to respond to, in pieces.
func (c *client) challenge(text string) {
	for _, piece := range ircutils.EncodeSASLResponse([]byte(text)) {
		c.respond(message{command: "AUTHENTICATE", params: []string{piece}})
	}
}
