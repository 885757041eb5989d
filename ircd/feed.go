package ircd

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// publisher is an account that may publish. Everything is guarded by Server.mu.
type publisher struct {
	Publisher
	person *person
	name   string // account and nick
	source string // nick!user@host of everything it says
}

// feed is a channel of publishers under its two names. Everything is guarded by
// Server.mu.
type feed struct {
	packed, text *feedName // text may be nil
	publishers   []*publisher

	newest ircbus.ID       // of the events delivered; at least the head when the feed was made, since those before are not known
	recent *recent         // nil: not known
	keys   map[string]bool // that its events are known to have
}

// feedName is one of a feed's channels: packed or text.
type feedName struct {
	feed    *feed
	name    string
	isText  bool
	created time.Time
	views   map[string]*view // by the name they were joined under
	index   ircbus.FilterIndex[*view]
	members int // who follows it, through any filter
	weight  int // of all filters, and of those from each network
	weights map[netip.Prefix]int
}

// view is a feed's channel as some members see it: under one name, through one
// filter. Everything is guarded by Server.mu.
type view struct {
	of      *feedName
	name    string
	filter  ircbus.Filter
	from    netip.Prefix // the network of who made it
	streams map[streamKey]*stream
}

// streamKey tells the renderings of a view apart. own is nil but for
// connections that publish in the feed themselves.
type streamKey struct {
	tags tagSet
	own  *own
}

// allows reports whether the publisher may publish in the feed.
func (f *feed) allows(p *publisher) bool { return p != nil && slices.Contains(f.publishers, p) }

func (fn *feedName) topic(http string) string {
	p := fn.feed.publishers[0]
	name := p.Wiki.Name
	if name == "" {
		name = p.name
	}
	kind := "changes as query strings"
	if fn.isText {
		kind = "changes"
	}
	if http == "" {
		return fmt.Sprintf("%s: %s", name, kind)
	}
	return fmt.Sprintf("%s: %s | %s/wikis/%s", name, kind, strings.TrimSuffix(http, "/"), p.name)
}

// view returns the view of this name, which it makes if need be.
func (fn *feedName) view(name string, filter ircbus.Filter, by netip.Addr) *view {
	v := fn.views[name]
	if v == nil {
		v = &view{of: fn, name: name, filter: filter, from: ircbus.NetworkOf(by).Wide, streams: make(map[streamKey]*stream)}
		fn.add(v)
	}
	return v
}

func (fn *feedName) add(v *view) {
	fn.views[v.name] = v
	fn.index.Add(v, v.filter)
	fn.weigh(v, 1)
}

func (fn *feedName) drop(v *view) {
	delete(fn.views, v.name)
	fn.index.Remove(v)
	fn.weigh(v, -1)
}

// weigh counts what the filter of a view costs for each event.
func (fn *feedName) weigh(v *view, sign int) {
	weight := sign * v.filter.Weight()
	fn.weight += weight
	if fn.weights == nil {
		fn.weights = make(map[netip.Prefix]int)
	}
	if fn.weights[v.from] += weight; fn.weights[v.from] == 0 {
		delete(fn.weights, v.from)
	}
}

// usualWeight is the patterns that a filter has room for when all are in use.
const usualWeight = 4

// crowded says why there may not be one more filtered view of the channel, or
// "". All filters are tried on each event while others wait: so there are so many,
// with so many patterns, and half of them from one network.
func (fn *feedName) crowded(c *client, name string, filter ircbus.Filter) (why string) {
	limit, weight := c.srv.cfg.Limits.Filters, filter.Weight()
	switch most := usualWeight * limit; {
	case fn.views[name] != nil:
		return ""
	case fn.filters() >= limit:
		return fmt.Sprintf("%s has %d different filters already, the limit", fn.name, limit)
	case fn.weight+weight > most:
		return fmt.Sprintf("%s has filters with %d patterns already; the limit is %d", fn.name, fn.weight, most)
	case !c.conn.from.Addr.IsLoopback() && fn.weights[ircbus.NetworkOf(c.conn.from.Counted).Wide]+weight > most/2:
		return fmt.Sprintf("%s has filters with %d patterns from your network already, the limit", fn.name, most/2)
	}
	return ""
}

// filters counts the views that have one.
func (fn *feedName) filters() int {
	n := len(fn.views)
	if fn.views[fn.name] != nil {
		n--
	}
	return n
}

// enter gives the client a place at the end of the rendering that suits it.
// The place begins after the client's current answer.
func (v *view) enter(c *client, m *viewing) {
	m.key = v.key(c)
	st := v.streams[m.key]
	if st == nil {
		st = newStream(&c.srv.hub.flusher, c.srv.cfg.Limits.Behind)
		v.streams[m.key] = st
	}
	if m.key.own != nil {
		m.key.own.sit(ircbus.ID(c.srv.head.Load()))
	}
	m.place = st.join(c.conn)
	v.of.members++
	c.conn.place(m.place)
	c.arriving = append(c.arriving, m.place)
}

// key is the rendering that suits the client.
func (v *view) key(c *client) streamKey {
	key := streamKey{tags: c.caps.tags()}
	if v.of.isText {
		return key
	}
	key.tags &^= tagRedact
	if v.of.feed.allows(c.publisher) {
		key.own = c.own
	}
	return key
}

// leave ends the place. What was delivered before will still be written.
func (v *view) leave(m *viewing) {
	st := m.place.stream
	if m.key.own != nil {
		m.key.own.release(st)
		m.key.own.rise()
	}
	st.leave(m.place)
	v.of.members--
	if st.live == 0 {
		delete(v.streams, m.key)
	}
	if len(v.streams) == 0 && v.of.views[v.name] == v {
		v.of.drop(v)
	}
}

// rerender moves the client's places to the renderings that suit it now. It
// gets what was delivered so far from the old ones, everything else from the
// new ones, and its current answer in between.
func (c *client) rerender() {
	for _, m := range c.views.all() {
		v := m.view
		if v.key(c) == m.key {
			continue
		}
		v.leave(m)
		if v.of.views[v.name] != v {
			v.of.add(v)
		}
		v.enter(c, m)
	}
}
