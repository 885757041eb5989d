package api

import (
	"errors"
	"math"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// login returns the account that the request's Authorization proves
// (docs/protocol.md, "Publishing over HTTP"): Basic with a password or token, or
// Bearer with a token. It must be good for what is needed,
// unless that is ircbus.ScopeAll.
func (h *Handler) login(r *http.Request, need ircbus.Scope) (account string, scope ircbus.Scope, err error) {
	authorization := r.Header.Get("Authorization")
	if authorization == "" {
		return "", "", unauthorized("log in with an account and its password (HTTP Basic) or a token (Bearer)")
	}
	if name, secret, ok := r.BasicAuth(); ok && h.Login != nil {
		account, scope, err = h.Login(r.Context(), name, secret, counted(r))
	} else if token, ok := bearer(authorization); ok && h.LoginToken != nil {
		account, scope, err = h.LoginToken(r.Context(), token, counted(r))
	} else {
		return "", "", unauthorized("the Authorization header must be Basic or Bearer")
	}
	switch {
	case err == nil:
		visitorOf(r).hasAccount()
		return account, scope, checkScope(scope, need)
	case r.Context().Err() != nil:
		return "", "", r.Context().Err()
	}
	if p := throttled(err); p != nil {
		return "", "", p
	}
	return "", "", unauthorized(err.Error())
}

// checkScope is the answer to a login that is not good for what is needed.
func checkScope(scope, need ircbus.Scope) error {
	if need == ircbus.ScopeAll || scope.Allows(need) {
		return nil
	}
	return &Problem{Status: http.StatusForbidden, Detail: "this token is good for the scope " + string(scope) + " alone"}
}

func unauthorized(detail string) *Problem {
	return &Problem{Status: http.StatusUnauthorized, Detail: detail}
}

func bearer(authorization string) (token string, ok bool) {
	scheme, token, ok := strings.Cut(authorization, " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}

// throttled recognises a login that was not tried because too many failed.
func throttled(err error) *Problem {
	var later interface{ RetryAfter() time.Duration }
	if errors.As(err, &later) {
		seconds := int(math.Ceil(later.RetryAfter().Seconds()))
		return &Problem{Status: http.StatusTooManyRequests, RetryAfter: max(seconds, 1), Detail: err.Error()}
	}
	if refusal := (*ircbus.Refusal)(nil); errors.As(err, &refusal) {
		return asProblem(refusal)
	}
	return nil
}

// remote is from where the request comes; invalid if nobody knows that, or there is
// no address, as on a Unix socket.
func remote(r *http.Request) netip.Addr { return ircbus.OriginOf(r.RemoteAddr).Addr }

// counted is the address under which limits count the request.
func counted(r *http.Request) netip.Addr { return ircbus.OriginOf(r.RemoteAddr).Counted }
