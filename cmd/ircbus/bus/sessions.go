package bus

import (
	"context"
	"net/http"
	"sync"

	"github.com/ircbus/ircbus"
)

// sessions are the HTTP requests for which somebody has logged in: a stream may
// last for days, and must not outlive the account.
type sessions struct {
	mu   sync.Mutex
	open map[string]map[*session]struct{} // by folded account
}

// session is one request.
type session struct {
	end     context.CancelFunc // static
	account string             // folded, "" until the login; guarded by sessions.mu
}

type sessionKey struct{}

// track serves requests so that revoke can end them. Only those that read: what
// is being stored ends by itself, and its sender should learn how.
func (s *sessions) track(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			handler.ServeHTTP(w, r)
			return
		}
		ctx, end := context.WithCancel(r.Context())
		one := &session{end: end}
		defer s.close(one)
		handler.ServeHTTP(w, r.WithContext(context.WithValue(ctx, sessionKey{}, one)))
	})
}

// note says whose the request with that context is. Other contexts are let pass.
func (s *sessions) note(ctx context.Context, account string) {
	one, ok := ctx.Value(sessionKey{}).(*session)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one.account = ircbus.Fold(account)
	if s.open == nil {
		s.open = map[string]map[*session]struct{}{}
	}
	if s.open[one.account] == nil {
		s.open[one.account] = map[*session]struct{}{}
	}
	s.open[one.account][one] = struct{}{}
}

func (s *sessions) close(one *session) {
	one.end()
	s.mu.Lock()
	defer s.mu.Unlock()
	if same := s.open[one.account]; same != nil {
		delete(same, one)
		if len(same) == 0 {
			delete(s.open, one.account)
		}
	}
}

// revoke ends the requests of accounts whose secrets are no longer good.
func (s *sessions) revoke(accounts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, account := range accounts {
		for one := range s.open[ircbus.Fold(account)] {
			one.end()
		}
	}
}
