package ircd

// census counts who is here: people, not connections. Publishers count while
// they are connected. Guarded by Server.mu.
type census struct {
	people, invisible, operators int
	most                         int // people, ever since the start
}

// count takes a person into the census with 1, and out of it with -1.
func (s *Server) count(p *person, delta int) {
	s.census.people += delta
	s.census.most = max(s.census.most, s.census.people)
	if p.invisible {
		s.census.invisible += delta
	}
	if p.isOperator() {
		s.census.operators += delta
	}
}
