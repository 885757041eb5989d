package ircd

import (
	"slices"
	"time"

	"github.com/ircbus/ircbus"
)

// entry is a mask in one of a channel's lists, with who put it there.
type entry struct {
	mask, by string
	at       time.Time
	mutes    bool // and no more
	matches  func(*person) bool
}

// listReplies are the numerics that show a list: one for each mask, one for the
// end (modern.ircdocs.horse/#mode-message).
var listReplies = map[rune]struct{ entry, end, what string }{
	'b': {"367", "368", "ban"},
	'e': {"348", "349", "exception"},
	'I': {"346", "347", "invite exception"},
}

// showLists answers "b" and the like, each list once.
func (c *client) showLists(t *target, changes []change) {
	shown := map[rune]bool{}
	for _, w := range changes {
		if !w.asks() || shown[w.mode] {
			continue
		}
		shown[w.mode] = true
		replies := listReplies[w.mode]
		if t.channel != nil { // a feed has none
			for _, e := range t.channel.lists[w.mode] {
				c.reply(replies.entry, t.name, e.mask, e.by, itoa(e.at.Unix()))
			}
		}
		c.reply(replies.end, t.name, "End of the "+replies.what+" list")
	}
}

// changeList adds a mask to a list or takes it out.
func (c *client) changeList(ch *channel, w *change) (bool, error) {
	mask, why := completeMask(w.param)
	if why != "" {
		return false, errModeParam(ch, w, why)
	}
	list := ch.lists[w.mode]
	at := slices.IndexFunc(list, func(e entry) bool { return ircbus.Fold(e.mask) == ircbus.Fold(mask) })
	switch limit := c.srv.cfg.Limits.Masks; {
	case w.on == (at >= 0):
		return false, nil
	case w.on && ch.masks() >= limit:
		return false, numeric("478", ch.name, string(w.mode), "A channel has at most "+itoa(limit)+" bans and exceptions")
	case w.on:
		ch.lists[w.mode] = append(list, entry{mask, c.source(), time.Now(), isMute(mask), compileMask(mask)})
	default:
		mask = list[at].mask
		ch.lists[w.mode] = slices.Delete(list, at, at+1)
	}
	w.param = mask
	return true, nil
}

// masks counts the entries of all lists.
func (ch *channel) masks() int {
	n := 0
	for _, list := range ch.lists {
		n += len(list)
	}
	return n
}

// listed reports whether the person is in a list, through mutes or not.
func (ch *channel) listed(mode rune, p *person, mutes bool) bool {
	return slices.ContainsFunc(ch.lists[mode], func(e entry) bool {
		return (mutes || !e.mutes) && e.matches(p)
	})
}

// bans reports whether the person may not enter
// (modern.ircdocs.horse/#ban-channel-mode).
func (ch *channel) bans(p *person) bool { return ch.listed('b', p, false) && !ch.listed('e', p, false) }

// mutes reports whether the person may not speak, unless its rank says
// otherwise.
func (ch *channel) mutes(p *person) bool { return ch.listed('b', p, true) && !ch.listed('e', p, true) }
