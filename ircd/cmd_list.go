package ircd

import (
	"maps"
	"slices"
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdList lists channels (modern.ircdocs.horse/#list-message): the feeds, and
// people's channels that are not secret. Filtered views are not listed.
func (c *client) cmdList(msg *ircmsg.Message) error {
	wanted := func(string) bool { return true }
	if len(msg.Params) > 0 && msg.Params[0] != "" {
		masks := strings.Split(msg.Params[0], ",")
		wanted = func(name string) bool {
			return slices.ContainsFunc(masks, func(mask string) bool { return matchMask(mask, name) })
		}
	}
	c.reply("321", "Channel", "Users  Name")
	for _, key := range slices.Sorted(maps.Keys(c.srv.feeds)) {
		if fn := c.srv.feeds[key]; wanted(fn.name) {
			c.reply("322", fn.name, itoa(fn.members()), fn.topic(c.srv.cfg.HTTP))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.srv.channels)) {
		ch := c.srv.channels[key]
		if wanted(ch.name) && (!ch.has('s') || ch.members[c.person] != nil) {
			c.reply("322", ch.name, itoa(len(ch.members)), ch.topic)
		}
	}
	c.reply("323", "End of LIST")
	return nil
}

// members counts who follows the channel, through any filter.
func (fn *feedName) members() int {
	n := 0
	for _, v := range fn.views {
		for _, st := range v.streams {
			n += st.live
		}
	}
	return n
}
