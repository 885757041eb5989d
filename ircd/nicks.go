package ircd

import (
	"strconv"

	"github.com/ircbus/ircbus"
)

// SetAccounts says which accounts there are, in place of what was said before. A
// nick that is the name of an account belongs to it; whoever has it and is not
// logged in to the account is renamed.
func (s *Server) SetAccounts(names []string) {
	owners := make(map[lcNick]string, len(names))
	for _, name := range names {
		owners[foldNick(name)] = name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owners = owners
	var losers []*person
	for _, p := range s.nicks {
		if p.publisher == nil && s.reserved(p.nick, p) != "" {
			losers = append(losers, p)
		}
	}
	for _, p := range losers {
		s.deprive(p, nil)
	}
}

// reserved says why the person, nil for nobody yet, may not have a nick although
// nobody has it now; "" if it may.
func (s *Server) reserved(nick string, p *person) string {
	key := foldNick(nick)
	owner, registrant := s.owners[key], s.enrolling[key]
	switch {
	case ircbus.IsService(nick), key == foldNick(s.cfg.Name):
		return "This nick is for the server itself"
	case registrant != nil && registrant != p:
		return "Somebody is registering this nick"
	case registrant != nil, owner == "", p != nil && foldNick(p.account) == key:
		return ""
	}
	return "This nick belongs to the account " + owner + ": log in to it first"
}

// taken says why the person, nil for nobody yet, cannot have a nick; "" if it can.
func (s *Server) taken(nick string, p *person) string {
	switch holder := s.nicks[foldNick(nick)]; {
	case holder == nil || holder == p:
		return s.reserved(nick, p)
	case holder.publisher != nil:
		return "This nick belongs to a publisher"
	}
	if why := s.reserved(nick, p); why != "" {
		return why
	}
	return "Somebody has this nick"
}

// freeNick finds a nick for somebody who loses his.
func (s *Server) freeNick(base string) string {
	base = base[:min(len(base), maxNickLen-6)]
	for i := 1; ; i++ {
		if nick := base + "_" + strconv.Itoa(i); s.taken(nick, nil) == "" {
			return nick
		}
	}
}

// deprive renames a person whose nick is not his any more; by is the connection
// that caused it itself, or nil.
func (s *Server) deprive(p *person, by *client) {
	for _, c := range p.clients {
		c.notice(s.reserved(p.nick, p))
	}
	s.rename(p, by, s.freeNick(p.nick))
}

// claim takes the account's nick from whoever has it without being logged in.
func (s *Server) claim(account string) {
	if p := s.nicks[foldNick(account)]; p != nil && p.publisher == nil && s.reserved(p.nick, p) != "" {
		s.deprive(p, nil)
	}
}
