package ircd

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdStats answers questions about the server (modern.ircdocs.horse/#stats-message):
// by one letter, some of them only to operators. A letter that nobody knows
// has no lines.
func (c *client) cmdStats(msg *ircmsg.Message) error {
	if err := c.checkServer(msg.Params, 1); err != nil {
		return err
	}
	query := clip(msg.Params[0])
	switch query[0] {
	case '?':
		c.reply("249", query, "k bans from the server (for operators), m commands used, u uptime")
	case 'k', 'K':
		if err := c.mustOperate(); err != nil {
			return err
		}
		c.statsKLines()
	case 'm', 'M':
		for _, name := range slices.Sorted(maps.Keys(c.srv.used)) {
			c.reply("212", name, itoa(c.srv.used[name]))
		}
	case 'u':
		up := time.Since(c.srv.started)
		c.reply("242", fmt.Sprintf("Server Up %d days %d:%02d:%02d", int(up.Hours())/24,
			int(up.Hours())%24, int(up.Minutes())%60, int(up.Seconds())%60))
	}
	c.reply("219", query, "End of STATS")
	return nil
}
