package ircd

import (
	"iter"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// channel is one that people made. It lives while somebody is in it.
// Everything is guarded by Server.mu.
type channel struct {
	name    string
	created time.Time
	members map[*person]*membership

	topic   string
	topicBy string
	topicAt time.Time

	modes string // of flagModes, sorted
	key   string // mode k
	limit int    // mode l
	lists map[rune][]entry
	pace  *rate.Limiter // of what is said; nil before that
}

func newChannel(name string) *channel {
	return &channel{
		name: name, created: time.Now(), modes: "nt",
		members: make(map[*person]*membership), lists: make(map[rune][]entry),
	}
}

func (ch *channel) has(mode rune) bool { return strings.ContainsRune(ch.modes, mode) }

func (ch *channel) set(mode rune, on bool) {
	modes := []rune(strings.ReplaceAll(ch.modes, string(mode), ""))
	if on {
		modes = append(modes, mode)
	}
	slices.Sort(modes)
	ch.modes = string(modes)
}

// others yields the members' connections but one.
func (ch *channel) others(but *client) iter.Seq[*client] {
	return func(yield func(*client) bool) {
		for p := range ch.members {
			for _, c := range p.clients {
				if c != but && !yield(c) {
					return
				}
			}
		}
	}
}

// sendOthers sends to all members' connections but one.
func (ch *channel) sendOthers(but *client, m message) {
	m.share()
	for c := range ch.others(but) {
		c.send(m)
	}
}

// target is a channel or view that somebody asks about. Either channel or feed
// is set.
type target struct {
	name    string
	channel *channel
	feed    *feedName
}

func (ch *channel) target() *target { return &target{name: ch.name, channel: ch} }

func (v *viewing) target() *target { return &target{name: v.name, feed: v.view.of} }

// find returns the channel or view as the client may know of it, or nil. A
// secret channel is only known to its members.
func (c *client) find(name string) *target {
	key := foldChan(name)
	if v := c.views.get(key); v != nil {
		return v.target()
	}
	if m := c.channels.get(key); m != nil {
		return m.channel.target()
	}
	base, _, _ := strings.Cut(name, "?")
	if fn := c.srv.feeds[foldChan(base)]; fn != nil {
		return &target{name: name, feed: fn}
	}
	if ch := c.srv.channels[key]; ch != nil && !ch.has('s') {
		return ch.target()
	}
	return nil
}
