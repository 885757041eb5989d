package ircd

// announce tells what a person has changed about itself to the connections that
// have asked for the capability: of everybody it shares a channel with, its own,
// and those that monitor its nick (ircv3.net/specs/extensions/extended-monitor).
// by, the connection that did it, is left out and may be nil.
func (s *Server) announce(p *person, by *client, need capSet, m message) {
	m.share()
	near := map[*client]bool{by: true}
	for c := range p.neighbours(by) {
		near[c] = true
		if c.caps.has(need) {
			c.send(m)
		}
	}
	for c := range s.monitors[foldNick(p.nick)] {
		if !near[c] && c.caps.has(need|capExtendedMonitor) {
			c.send(m)
		}
	}
}

// confirm shows a connection what it has changed itself.
func (c *client) confirm(need capSet, m message) {
	if c.registered && c.caps.has(need) {
		c.respond(m)
	}
}
