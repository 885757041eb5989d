package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdQuit ends the connection (modern.ircdocs.horse/#quit-message).
func (c *client) cmdQuit(msg *ircmsg.Message) error {
	if len(msg.Params) == 0 || msg.Params[0] == "" {
		return errQuit("Quit")
	}
	return errQuit("Quit: " + cut(msg.Params[0], maxTopicLen))
}
