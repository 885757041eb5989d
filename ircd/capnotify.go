package ircd

import (
	"slices"
	"strings"
)

// offering makes a change after which other capabilities may be offered, or with
// other values, and tells those who have asked for cap-notify
// (ircv3.net/specs/extensions/capability-negotiation#cap-notify). Server.mu is
// held.
func (s *Server) offering(change func()) {
	before := make(map[*client][]string)
	for c := range s.clients {
		if c.caps.has(capCapNotify) {
			before[c] = c.capNames(allCaps, c.version302)
		}
	}
	change()
	for c, old := range before {
		c.unasked(func() { c.notifyCaps(old, c.capNames(allCaps, c.version302)) })
	}
}

// notifyCaps tells what is new, has another value, or is gone. What is gone is
// switched off.
func (c *client) notifyCaps(old, now []string) {
	added := slices.DeleteFunc(slices.Clone(now), func(name string) bool { return slices.Contains(old, name) })
	var gone []string
	for _, name := range old {
		name, _, _ = strings.Cut(name, "=")
		if slices.ContainsFunc(now, func(other string) bool { return other == name || strings.HasPrefix(other, name+"=") }) {
			continue
		}
		if bit, _ := capByName(name); bit != capSTS {
			gone = append(gone, name)
			c.caps &^= bit
		} else { // ircv3.net/specs/extensions/sts#the-duration-key
			added = append(added, name+"=duration=0")
		}
	}
	for _, change := range []struct {
		sub   string
		names []string
	}{{"DEL", gone}, {"NEW", added}} {
		for _, some := range wrap(change.names, maxLine-len(":"+c.srv.cfg.Name+" CAP "+c.name()+" NEW :\r\n")) {
			if len(some) > 0 {
				c.reply("CAP", change.sub, strings.Join(some, " "))
			}
		}
	}
	c.kept.Store(nil)
	c.rerender()
}
