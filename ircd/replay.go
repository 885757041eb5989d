package ircd

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
)

// stampLayout is how the time of an old line is written for people whose clients
// do not know server-time. It is UTC.
const stampLayout = "[2006-01-02 15:04:05] "

// replayBudget is about how many bytes of events are searched through a filter
// for who joins: he waits for it, and so do others who join.
const replayBudget = 1 << 20

// replayView shows the client, who has just entered, the view's last lines
// (docs/protocol.md, "Getting old events").
func (c *client) replayView(v *viewing) {
	n := c.srv.cfg.Replay.Packed
	if v.view.of.isText {
		n = c.srv.cfg.Replay.Text
	}
	if c.srv.cfg.Events == nil {
		return
	}
	view, err := ircbus.ParseView(v.name)
	if err != nil { // it has been parsed before
		return
	}
	p := c.srv.pastOf(v.view.of, v.name, view)
	p.budget = replayBudget
	p.isReplay = !strings.Contains(v.name, "?")
	c.replay(v.name, p, n, v.view.of.isText)
}

// replayChannel shows the client, who has just entered, the channel's last
// lines, if they are kept.
func (c *client) replayChannel(ch *channel) {
	p := c.pastIn(ch)
	if p.query.Texts = true; p.chat != nil && c.srv.cfg.Replay.Chat > 0 {
		c.replay(ch.name, p, c.srv.cfg.Replay.Chat, true)
	}
}

// replay shows the last n lines to a client that cannot ask for them, or those of
// them that it has not seen when it was here before. What comes
// after them waits until they are there: the client misses nothing in between
// and sees nothing twice, since the past ends with what has been delivered to
// its channel before it entered.
func (c *client) replay(name string, p past, n int, stamped bool) {
	back := resumption{seen: c.srv.seen[c.seenKey(name)]}
	if c.caps.has(capChathistory) || n <= 0 && back.seen == 0 {
		return
	}
	stamped = stamped && !c.caps.has(capServerTime)
	var found []record
	c.lookups = append(c.lookups, lookup{
		holds: true,
		read: func(ctx context.Context) (err error) {
			if n > 0 {
				found, err = p.page(ctx, span{limit: min(n, MaxHistory), desc: true})
				slices.Reverse(found)
			}
			if err == nil && back.seen > 0 {
				found, err = back.cut(ctx, p, found, n)
			}
			return err
		},
		show: func(err error) error {
			if err != nil && !errors.Is(err, ErrUnfinished) && !errors.Is(err, errBusy) && !errors.Is(err, context.Canceled) {
				c.log().Error("old lines could not be shown to who has joined", "channel", name, "err", err)
			}
			c.noteLeftOut(name, p, &back)
			if len(found) == 0 {
				return nil
			}
			c.showHistory("chathistory", name, func() {
				for i := range found {
					stamp := ""
					if stamped {
						stamp = found[i].at().UTC().Format(stampLayout)
					}
					c.playBack(p, &found[i], stamp)
				}
			})
			return nil
		},
	})
}
