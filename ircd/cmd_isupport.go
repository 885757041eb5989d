package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdIsupport repeats what the server can do
// (ircv3.net/specs/extensions/extended-isupport). Before registration it is for
// those who have asked for the capability.
func (c *client) cmdIsupport(*ircmsg.Message) error {
	if !c.registered && !c.caps.has(capExtendedIsupport) {
		return errNotRegistered
	}
	c.isupport()
	return nil
}
