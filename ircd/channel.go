package ircd

import (
	"iter"
	"slices"
	"strings"
	"time"
)

// channel is one that people made. It lives while somebody is in it.
// Everything is guarded by Server.mu.
type channel struct {
	name    string
	created time.Time
	members map[*client]*membership

	topic   string
	topicBy string
	topicAt time.Time

	modes string // of imnst, sorted
	key   string // mode k
	limit int    // mode l
	bans  []ban
}

type ban struct {
	mask, by string
	at       time.Time
}

func (ch *channel) has(mode byte) bool { return strings.IndexByte(ch.modes, mode) >= 0 }

func (ch *channel) set(mode byte, on bool) {
	modes := []byte(strings.ReplaceAll(ch.modes, string(mode), ""))
	if on {
		modes = append(modes, mode)
	}
	slices.Sort(modes)
	ch.modes = string(modes)
}

func (ch *channel) banned(c *client) bool {
	return slices.ContainsFunc(ch.bans, func(b ban) bool { return matchMask(b.mask, c.source()) })
}

// others yields the members but one.
func (ch *channel) others(but *client) iter.Seq[*client] {
	return func(yield func(*client) bool) {
		for c := range ch.members {
			if c != but && !yield(c) {
				return
			}
		}
	}
}

// sendOthers sends to all members but one.
func (ch *channel) sendOthers(but *client, m message) {
	for c := range ch.others(but) {
		c.send(m)
	}
}

// doubled reports whether another connection with the same nick is in the
// channel, which happens to publishers: others do not see the second one.
func (ch *channel) doubled(c *client) bool {
	if c.publisher == nil {
		return false
	}
	for other := range c.publisher.clients {
		if other != c && ch.members[other] != nil {
			return true
		}
	}
	return false
}

// people yields the members, a nick of several connections once.
func (ch *channel) people() iter.Seq2[*client, *membership] {
	return func(yield func(*client, *membership) bool) {
		seen := make(map[*publisher]bool)
		for c, m := range ch.members {
			if c.publisher != nil {
				if seen[c.publisher] {
					continue
				}
				seen[c.publisher] = true
			}
			if !yield(c, m) {
				return
			}
		}
	}
}

// neighbours yields everybody who shares a person's channel with c, once. In
// feeds nobody sees anybody (docs/protocol.md, "Channels").
func (c *client) neighbours() iter.Seq[*client] {
	return func(yield func(*client) bool) {
		seen := map[*client]bool{c: true}
		for _, m := range c.joined {
			if m.channel == nil {
				continue
			}
			for other := range m.channel.members {
				if seen[other] {
					continue
				}
				seen[other] = true
				if !yield(other) {
					return
				}
			}
		}
	}
}

// leave takes the client out of a channel or view without a word.
func (c *client) leave(m *membership) {
	delete(c.joined, foldChan(m.name))
	if m.view != nil {
		m.view.leave(m)
		return
	}
	delete(m.channel.members, c)
	if len(m.channel.members) == 0 {
		delete(c.srv.channels, foldChan(m.channel.name))
	}
}

// prefix is the membership prefix, all of it for multi-prefix.
func (m *membership) prefix(all bool) string {
	switch {
	case m.op && m.voice && all:
		return "@+"
	case m.op:
		return "@"
	case m.voice:
		return "+"
	}
	return ""
}

// target is a channel or view that somebody asks about. Either channel or feed
// is set.
type target struct {
	name    string
	channel *channel
	feed    *feedName
}

func (m *membership) target() *target {
	if m.view != nil {
		return &target{name: m.name, feed: m.view.of}
	}
	return &target{name: m.name, channel: m.channel}
}

// find returns the channel or view as the client may know of it, or nil. A
// secret channel is only known to its members.
func (c *client) find(name string) *target {
	if m := c.joined[foldChan(name)]; m != nil {
		return m.target()
	}
	base, _, _ := strings.Cut(name, "?")
	if fn := c.srv.feeds[foldChan(base)]; fn != nil {
		return &target{name: name, feed: fn}
	}
	if ch := c.srv.channels[foldChan(name)]; ch != nil && !ch.has('s') {
		return &target{name: ch.name, channel: ch}
	}
	return nil
}
