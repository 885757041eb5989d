package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdPing answers PONG, which comes after everything that was sent before on
// this connection has been stored or refused, and after everything that was
// delivered to its channels by now (docs/protocol.md, "Publishing over IRC").
func (c *client) cmdPing(msg *ircmsg.Message) error {
	if len(msg.Params) == 0 {
		return numeric("409", "No origin given")
	}
	c.respond(message{source: c.srv.cfg.Name, command: "PONG", params: []string{c.srv.cfg.Name, msg.Params[0]}})
	return nil
}

// cmdPong need not do anything but for memos: that something came is enough.
func (c *client) cmdPong(msg *ircmsg.Message) error {
	c.gotMemos(msg)
	if c.registered {
		c.openInbox() // if that failed before
	}
	return nil
}
