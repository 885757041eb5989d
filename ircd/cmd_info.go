package ircd

import (
	"time"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdInfo describes the program (modern.ircdocs.horse/#info-message).
func (c *client) cmdInfo(msg *ircmsg.Message) error {
	if err := c.checkServer(msg.Params, 0); err != nil {
		return err
	}
	s := c.srv
	lines := []string{
		s.cfg.Version + ", an event bus that speaks IRC",
		"https://github.com/ircbus/ircbus",
		"Running since " + s.started.UTC().Format(time.RFC1123),
	}
	if s.cfg.HTTP != "" {
		lines = append(lines, "The same events over HTTP: "+s.cfg.HTTP)
	}
	for _, line := range lines {
		c.reply("371", line)
	}
	c.reply("374", "End of INFO")
	return nil
}
