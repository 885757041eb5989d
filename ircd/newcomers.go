package ircd

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/ircbus/ircbus"
)

// newcomers counts who has connected lately, by narrow and by wide network. Guarded
// by Server.mu.
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

// countAddress counts the connections of a narrow and of a wide network.
func (s *Server) countAddress(addr netip.Addr, delta int) (narrow, wide int) {
	network := ircbus.NetworkOf(addr)
	if !network.IsValid() {
		return 0, 0
	}
	return s.countNetwork(network.Narrow, delta), s.countNetwork(network.Wide, delta)
}

func (s *Server) countNetwork(prefix netip.Prefix, delta int) int {
	n := s.addresses[prefix] + delta
	if n <= 0 {
		delete(s.addresses, prefix)
	} else {
		s.addresses[prefix] = n
	}
	return n
}

// How many connections of a network, and how many in all, are told at one time that
// they are too many: each of them takes room until it is closed.
const (
	toldAtOnce   = 8
	toldWhenFull = 32
)

// admits counts a new connection and says why there are too many from where it
// comes from, or "". This machine may have any number. If ok is false there are so
// many that this one is not even told, and has not been counted.
func (s *Server) admits(addr netip.Addr) (why string, ok bool) {
	limits := &s.cfg.Limits
	narrow, wide := s.countAddress(addr, 1)
	local := narrow == 0 || addr.IsLoopback()
	most := limits.Connections
	if len(s.clients) >= most+toldWhenFull || !local &&
		(narrow > limits.PerAddress+toldAtOnce || wide > ircbus.WideShare*limits.PerAddress+toldAtOnce) {
		s.countAddress(addr, -1)
		return "", false
	}
	if len(s.clients) >= most && !s.makeRoom() {
		s.log.Warn("the server is full", "connections", most)
		return fmt.Sprintf("The server is full (limit %d)", most), true
	}
	if local {
		return "", true
	}
	return s.tooMany(ircbus.NetworkOf(addr), narrow, wide), true
}

// makeRoom ends the connection that has been registering for longest, so that silent
// ones cannot keep everybody out, operators among them. It reports whether there is one.
func (s *Server) makeRoom() bool {
	oldest := s.registering.Front()
	if oldest == nil {
		return false
	}
	c := oldest.Value.(*client)
	c.leaveRegistering()
	c.end("The server is full, and others want to register")
	return true
}

// tooMany says why so many connections of a network are too many, or "".
func (s *Server) tooMany(network ircbus.Network, narrow, wide int) string {
	limits, now := &s.cfg.Limits, time.Now()
	lately, latelyWide := s.newcomers.add(network.Narrow, now), s.newcomers.add(network.Wide, now)
	switch {
	case narrow > limits.PerAddress:
		return fmt.Sprintf("Too many connections from your address (limit %d)", limits.PerAddress)
	case wide > ircbus.WideShare*limits.PerAddress:
		return fmt.Sprintf("Too many connections from your network %s (limit %d)", network.Wide, ircbus.WideShare*limits.PerAddress)
	case lately > limits.ConnectRate:
		return fmt.Sprintf("Too many connections from your address within a minute (limit %d): wait that long", limits.ConnectRate)
	case latelyWide > ircbus.WideShare*limits.ConnectRate:
		return fmt.Sprintf("Too many connections from your network %s within a minute (limit %d): wait that long", network.Wide, ircbus.WideShare*limits.ConnectRate)
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
