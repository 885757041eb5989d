package ircd

import "time"

// isOperator reports whether the person has user mode o.
func (p *person) isOperator() bool { return p.operator != "" }

// mustOperate is the error of commands that are for operators
// (modern.ircdocs.horse/#errnoprivileges-481).
func (c *client) mustOperate() error {
	if c.isOperator() {
		return nil
	}
	return numeric("481", "Only operators of the server may do this: see HELP OPER")
}

// operate gives the person user mode o by an operator's account, silently.
func (s *Server) operate(p *person, account string) {
	s.count(p, -1)
	p.operator = account
	s.count(p, 1)
	for _, c := range p.clients {
		c.setExempt()
	}
}

// layDown takes user mode o away, silently, and reports whether it was there.
func (s *Server) layDown(p *person) bool {
	had := p.isOperator()
	s.operate(p, "")
	return had
}

// announceModes tells the person of its new user modes; by is the connection
// that asked for them, or nil.
func (p *person) announceModes(by *client, modes string) {
	m := message{source: p.nick, command: "MODE", params: []string{p.nick, modes}, at: time.Now()}
	p.send(by, m)
	if by != nil {
		by.respond(m)
	}
}

// tellOperators sends a notice to all operators. by is the connection that
// caused it, which gets it with its answer, or nil.
func (s *Server) tellOperators(by *client, text string) {
	for c := range s.clients {
		if !c.registered || !c.isOperator() {
			continue
		}
		m := message{source: s.cfg.Name, command: "NOTICE", params: []string{c.nick, "*** " + text}, at: time.Now()}
		for _, line := range m.inLines() {
			if c == by {
				c.respond(line)
			} else {
				c.send(line)
			}
		}
	}
}
