package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdQuit ends the connection (modern.ircdocs.horse/#quit-message), also with a
// reason that is too long, which nobody is shown then.
func (c *client) cmdQuit(msg *ircmsg.Message) error {
	if len(msg.Params) == 0 || msg.Params[0] == "" {
		return errQuit("Quit")
	}
	if err := limited("The reason", msg.Params[0], maxReasonLen); err != nil {
		c.answer("QUIT", err)
		return errQuit("Quit")
	}
	return errQuit("Quit: " + msg.Params[0])
}
