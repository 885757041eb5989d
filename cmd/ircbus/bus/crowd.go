package bus

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/ircbus/ircbus"
)

// crowd limits how many HTTP connections one address has open, as the IRC server
// does for its own, so that no stranger can take them all. Loopback and the listed
// proxies, which connect for many, are not limited.
type crowd struct {
	limit   int            // static
	proxies []netip.Prefix // static

	mu   sync.Mutex
	open map[netip.Prefix]int
}

type crowdedKey struct{}

// watch makes the server count its connections, and answer those that are too
// many with the limit.
func (c *crowd) watch(server *http.Server) {
	c.open = map[netip.Prefix]int{}
	serve := server.Handler
	server.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		if c.enter(conn.RemoteAddr()) {
			return ctx
		}
		return context.WithValue(ctx, crowdedKey{}, true)
	}
	server.ConnState = func(conn net.Conn, state http.ConnState) {
		if state == http.StateClosed || state == http.StateHijacked {
			c.leave(conn.RemoteAddr())
		}
	}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(crowdedKey{}) == nil {
			serve.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "10")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprintf(w, `{"status":429,"title":"Too Many Requests","detail":"too many connections from your address (limit %d)"}`+"\n", c.limit)
	})
}

// enter counts a new connection and reports whether there is room for it.
func (c *crowd) enter(from net.Addr) bool {
	prefix, limited := c.limited(from)
	if !limited {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[prefix]++
	return c.open[prefix] <= c.limit
}

func (c *crowd) leave(from net.Addr) {
	prefix, limited := c.limited(from)
	if !limited {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[prefix]--; c.open[prefix] <= 0 {
		delete(c.open, prefix)
	}
}

func (c *crowd) limited(from net.Addr) (netip.Prefix, bool) {
	if listed(c.proxies, from) {
		return netip.Prefix{}, false
	}
	origin := ircbus.OriginOf(from.String())
	network := ircbus.NetworkOf(origin.Counted)
	return network.Narrow, network.IsValid() && !origin.Addr.IsLoopback()
}
