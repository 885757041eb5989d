package ircd

import (
	"maps"
	"slices"
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdHelp explains commands (modern.ircdocs.horse/#help-message).
func (c *client) cmdHelp(msg *ircmsg.Message) error {
	subject := "*"
	if len(msg.Params) > 0 {
		subject = clip(msg.Params[0])
	}
	topic := strings.ToUpper(subject)
	switch text, known := helpTexts[topic]; {
	case topic == "*" || topic == "INDEX":
		c.help(subject, "The commands of this server", helpIndex())
	case known:
		c.help(subject, "The command "+topic, strings.Split(text, "\n"))
	default:
		return numeric("524", subject, "There is no help on this: HELP alone lists the subjects")
	}
	return nil
}

// help sends a title and lines, with an empty one between them as is customary.
func (c *client) help(subject, title string, lines []string) {
	c.reply("704", subject, title)
	c.reply("705", subject, "")
	for _, line := range lines {
		c.reply("705", subject, line)
	}
	c.reply("706", subject, "End of HELP")
}

// helpIndex lists all subjects, some to a line.
func helpIndex() []string {
	var lines []string
	for some := range slices.Chunk(slices.Sorted(maps.Keys(helpTexts)), 8) {
		lines = append(lines, strings.Join(some, " "))
	}
	return append(lines, "HELP followed by one of these says more. In publishers' channels read only: they speak, others listen.")
}
