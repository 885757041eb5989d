package ircd

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ergochat/irc-go/ircmsg"

	"github.com/ircbus/ircbus"
)

// cmdList lists channels (modern.ircdocs.horse/#list-message): the feeds, and
// people's channels that are not secret. Filtered views are not listed.
func (c *client) cmdList(msg *ircmsg.Message) error {
	wanted := parseListing(msg.Params[:min(len(msg.Params), 2)])
	if wanted.wild > maxListMasks {
		return numeric("416", "LIST", "At most "+itoa(maxListMasks)+" masks with * or ? at a time")
	}
	now := time.Now()
	c.charge(lookedAt(len(c.srv.feeds) + len(c.srv.channels)))
	c.reply("321", "Channel", "Users  Name")
	for _, key := range slices.Sorted(maps.Keys(c.srv.feeds)) {
		fn := c.srv.feeds[key]
		if l := (listed{fn.name, fn.members, fn.created, fn.created}); wanted.has(l, now) {
			c.reply("322", fn.name, itoa(l.people), fn.topic(c.srv.cfg.HTTP))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.srv.channels)) {
		ch := c.srv.channels[key]
		if ch.has('s') && ch.members[c.person] == nil {
			continue
		}
		if l := (listed{ch.name, len(ch.members), ch.created, ch.topicAt}); wanted.has(l, now) {
			c.reply("322", ch.name, itoa(l.people), ch.topic)
		}
	}
	if len(msg.Params) > 0 {
		c.reviewNames(msg.Params[0])
	}
	c.reply("323", "End of LIST")
	return nil
}

// maxListMasks limits the masks of one LIST: each is compared with all channels.
const maxListMasks = 20

// listed is a channel as LIST looks at it.
type listed struct {
	name           string
	people         int
	created, topic time.Time // topic is zero if none was ever set
}

// listing is what a LIST asks for: channels for which one of the masks, if there
// are any, and all the conditions hold.
type listing struct {
	masks      []ircbus.Glob
	conditions []func(l listed, now time.Time) bool
	wild       int // masks with * or ?
}

// parseListing reads names, masks and conditions, in any order
// (modern.ircdocs.horse/#elist-parameter).
func parseListing(params []string) listing {
	var all listing
	for _, param := range params {
		for word := range strings.SplitSeq(param, ",") {
			if word == "" {
				continue
			}
			if strings.ContainsAny(word, "*?") {
				all.wild++
			}
			if condition := parseCondition(word); condition != nil {
				all.conditions = append(all.conditions, condition)
			} else {
				all.masks = append(all.masks, ircbus.NewGlob(word))
			}
		}
	}
	return all
}

// parseCondition reads !mask, >people, <people, and, in minutes since then,
// C>created and T>topic. It is nil for anything else, which is a mask.
func parseCondition(word string) func(listed, time.Time) bool {
	if mask, ok := strings.CutPrefix(word, "!"); ok {
		glob := ircbus.NewGlob(mask)
		return func(l listed, _ time.Time) bool { return !glob.Match(l.name) }
	}
	at := strings.IndexAny(word, "<>")
	if at < 0 {
		return nil
	}
	value, err := strconv.ParseUint(word[at+1:], 10, 31)
	if err != nil {
		return nil
	}
	holds := func(x float64) bool { return x > float64(value) }
	if word[at] == '<' {
		holds = func(x float64) bool { return x < float64(value) }
	}
	switch word[:at] {
	case "":
		return func(l listed, _ time.Time) bool { return holds(float64(l.people)) }
	case "C", "c":
		return func(l listed, now time.Time) bool { return holds(now.Sub(l.created).Minutes()) }
	case "T", "t":
		return func(l listed, now time.Time) bool { return !l.topic.IsZero() && holds(now.Sub(l.topic).Minutes()) }
	}
	return nil
}

func (all listing) has(l listed, now time.Time) bool {
	for _, holds := range all.conditions {
		if !holds(l, now) {
			return false
		}
	}
	return len(all.masks) == 0 || slices.ContainsFunc(all.masks, func(mask ircbus.Glob) bool { return mask.Match(l.name) })
}
