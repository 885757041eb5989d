package door

import (
	"sync"
	"time"
)

// maxStorms is of how many clients count is kept at one time.
const maxStorms = 10_000

// Storm holds back what a client sends beyond so many messages within a while,
// so that a runaway client fills nobody's window: the first ones pass, the others
// are counted, and the last is kept.
type Storm struct {
	limit  int
	window time.Duration

	mu      sync.Mutex
	clients map[string]*Gust
}

// Gust is what one client has sent within one window.
type Gust struct {
	Client string
	Began  time.Time
	Passed int
	Held   int    // how many messages were held back
	Last   string // the last of them
}

// NewStorm lets limit messages of one client pass within each window; 0 is no
// limit.
func NewStorm(limit int, window time.Duration) *Storm {
	return &Storm{limit: limit, window: window, clients: make(map[string]*Gust)}
}

// Pass reports whether a client's message passes; else it is held back, and its
// window has so long to go. While there are more clients than can be counted,
// what new ones send does not pass.
func (s *Storm) Pass(client, message string) (passes bool, wait time.Duration) {
	if s.limit == 0 {
		return true, 0
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.clients[client]
	switch {
	case g == nil && len(s.clients) >= maxStorms:
		return false, s.window
	case g == nil:
		g = &Gust{Client: client, Began: now}
		s.clients[client] = g
	}
	if g.Passed < s.limit {
		g.Passed++
		return true, 0
	}
	g.Held++
	g.Last = message
	return false, max(0, g.Began.Add(s.window).Sub(now))
}

// Over forgets the windows that are over, or all, and returns those in which
// something was held back.
func (s *Storm) Over(all bool) (held []Gust) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for client, g := range s.clients {
		if !all && now.Sub(g.Began) < s.window {
			continue
		}
		delete(s.clients, client)
		if g.Held > 0 {
			held = append(held, *g)
		}
	}
	return held
}
