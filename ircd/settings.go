package ircd

// Settings are what can change while the server runs, with the same meaning as in
// Config.
type Settings struct {
	MOTD, Admin  []string
	STS          STS
	Registration Registration
}

// Configure replaces the settings. Clients that want to know are told what has
// changed for them.
func (s *Server) Configure(set Settings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offering(func() {
		s.set = set
		s.set.Admin = set.Admin[:min(len(set.Admin), maxAdmin)]
	})
}
