package ircd

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"github.com/ircbus/ircbus"
)

// newcomers counts who has connected lately, per IPv4 address and per IPv6 /64.
// Guarded by Server.mu.
type newcomers struct {
	since  time.Time
	counts map[netip.Prefix]int
}

// Limits of newcomers: it begins anew so often, and does not tell more networks
// apart than that.
const (
	newcomersTime = time.Minute
	maxNewcomers  = 100_000
)

// add counts a connection and returns how many there have been from there.
func (n *newcomers) add(from netip.Prefix, now time.Time) int {
	if n.counts == nil || now.Sub(n.since) >= newcomersTime {
		n.since, n.counts = now, make(map[netip.Prefix]int)
	}
	if _, known := n.counts[from]; !known && len(n.counts) >= maxNewcomers {
		return 0
	}
	n.counts[from]++
	return n.counts[from]
}

// admits counts a new connection and says why there are too many from where it
// comes from, or "". This machine may have any number.
func (s *Server) admits(addr netip.Addr) (why string) {
	open := s.countAddress(addr, 1)
	if most := s.cfg.Limits.Connections; len(s.clients) > most {
		s.log.Warn("the server is full", "connections", most)
		return fmt.Sprintf("The server is full (limit %d)", most)
	}
	network := ircbus.NetworkOf(addr)
	if !network.IsValid() || addr.IsLoopback() {
		return ""
	}
	limits := &s.cfg.Limits
	lately := s.newcomers.add(network.Narrow, time.Now())
	switch {
	case open > limits.PerAddress:
		return fmt.Sprintf("Too many connections from your address (limit %d)", limits.PerAddress)
	case lately > limits.ConnectRate:
		return fmt.Sprintf("Too many connections from your address within a minute (limit %d): wait that long", limits.ConnectRate)
	}
	return ""
}

// keptForOperators is how many connections are, at least: some of them are held for a
// moment by those who are being refused.
const keptForOperators = 8

// full reports whether only operators may still come: a part of the connections is
// kept for them.
func (s *Server) full() bool {
	most := s.cfg.Limits.Connections
	return len(s.clients) > most-max(keptForOperators, most/32)
}

// channelBurst is how many seconds' worth of messages a channel takes at once.
const channelBurst = 3

// busy says that too much is said in the channel, or nothing: of those without
// rank, so that its operators can still be heard.
func (c *client) busy(ch *channel) error {
	r, limit := ch.members[c.person], c.srv.cfg.Limits.ChannelLines
	if c.exempt.Load() || r != nil && (r.op || r.voice) {
		return nil
	}
	if ch.pace == nil {
		ch.pace = rate.NewLimiter(rate.Limit(limit), max(1, int(channelBurst*limit)))
	}
	if ch.pace.Allow() {
		return nil
	}
	return errCannotSend(ch.name, fmt.Sprintf("More than %v messages a second are said here: try again in a moment", limit))
}

// tooManyNicks says that the nick is changed too often, or nothing: others see
// each change (ERR_NICKTOOFAST of many servers).
func (c *client) tooManyNicks(nick string) error {
	limit := c.srv.cfg.Limits.Nicks
	if c.nicks == nil {
		c.nicks = rate.NewLimiter(rate.Every(time.Minute/time.Duration(limit)), limit)
	}
	if c.exempt.Load() || c.nicks.Allow() {
		return nil
	}
	return numeric("438", nick, fmt.Sprintf("You have changed your nick more than %d times a minute: wait a little", limit))
}

// recipients are those whom a connection has written to lately.
type recipients struct {
	since time.Time
	names map[lcNick]struct{}
}

// tooManyTargets says that somebody writes to one after the other, as spammers
// do, or nothing (ERR_TARGETTOOFAST of many servers).
func (c *client) tooManyTargets(nick string) error {
	limit, now := c.srv.cfg.Limits.Targets, time.Now()
	if c.exempt.Load() {
		return nil
	}
	if c.recipients == nil || now.Sub(c.recipients.since) >= time.Minute {
		c.recipients = &recipients{now, make(map[lcNick]struct{})}
	}
	to := c.recipients
	key := foldNick(nick)
	if _, known := to.names[key]; !known && len(to.names) >= limit {
		return numeric("439", clip(nick), fmt.Sprintf("You have written to %d people within a minute, the limit: wait a little", limit))
	}
	to.names[key] = struct{}{}
	return nil
}
