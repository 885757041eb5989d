package ircd

import "time"

// appeared tells those who monitor the nick that the person has it now
// (ircv3.net/specs/extensions/monitor). A publisher has its nick as long as its
// account exists, whether it is connected or not.
func (s *Server) appeared(p *person) {
	s.tellMonitors(p.nick, "730", p.source())
}

// vanished remembers that the person had its nick, through the connection if
// that is not nil, and tells those who monitor it that nobody has it now.
func (s *Server) vanished(p *person, c *client) {
	past := pastNick{nick: p.nick, user: p.user, host: p.host, real: p.real, account: p.account, until: time.Now()}
	if c != nil {
		past.addr = c.conn.from.Addr
	}
	s.past.add(past)
	s.tellMonitors(p.nick, "731", p.nick)
}

func (s *Server) tellMonitors(nick, code, target string) {
	for c := range s.monitors[foldNick(nick)] {
		c.send(message{source: s.cfg.Name, command: code, params: []string{c.nick, target}, at: time.Now()})
	}
}

// monitor puts a nick on the connection's list.
func (c *client) monitor(nick string) {
	key := foldNick(nick)
	if c.monitored == nil {
		c.monitored = make(map[lcNick]string)
	}
	c.monitored[key] = nick
	if c.srv.monitors[key] == nil {
		c.srv.monitors[key] = make(map[*client]struct{})
	}
	c.srv.monitors[key][c] = struct{}{}
}

// unmonitor takes a nick from the connection's list.
func (c *client) unmonitor(key lcNick) {
	delete(c.monitored, key)
	delete(c.srv.monitors[key], c)
	if len(c.srv.monitors[key]) == 0 {
		delete(c.srv.monitors, key)
	}
}

// unmonitorAll empties the connection's list.
func (c *client) unmonitorAll() {
	for key := range c.monitored {
		c.unmonitor(key)
	}
}
