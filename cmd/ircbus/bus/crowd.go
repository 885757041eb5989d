package bus

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"

	"github.com/ircbus/ircbus"
)

// crowd limits how many HTTP connections one network has open, as the IRC server
// does for its own, so that no stranger can take them all. Loopback and the listed
// proxies, which connect for many, are not limited.
type crowd struct {
	limit   int            // from a narrow network; static
	most    int            // connections in all; 0 is no limit; static
	log     *slog.Logger   // static; may be nil
	proxies []netip.Prefix // static

	mu    sync.Mutex
	total int
	open  map[netip.Prefix]int // by narrow and by wide network; no zeros
}

type (
	crowdedKey struct{}
	fullKey    struct{}
)

// spare is how many more connections there may be, which are answered whether the bus
// is well and nothing else.
const spare = 32

// toldAtOnce is how many connections of one network wait at one time to be answered
// that they are too many.
const toldAtOnce = 8

// alwaysAnswered are the paths that are served when there are too many connections.
var alwaysAnswered = []string{"/healthz", "/readyz", "/metrics"}

// watch makes the server count its connections, and answer those that are too
// many with the limit.
func (c *crowd) watch(server *http.Server) {
	c.open = map[netip.Prefix]int{}
	serve := server.Handler
	server.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		if total := c.count(1); c.most > 0 && total > c.most+spare {
			conn.Close()
		} else if c.most > 0 && total > c.most {
			ctx = context.WithValue(ctx, fullKey{}, true)
		}
		over := c.enter(conn.RemoteAddr())
		if over == 0 {
			return ctx
		} else if over > toldAtOnce { // it has sent nothing yet, and may never do
			conn.Close()
		}
		return context.WithValue(ctx, crowdedKey{}, true)
	}
	server.ConnState = func(conn net.Conn, state http.ConnState) {
		if state == http.StateClosed || state == http.StateHijacked {
			c.count(-1)
			c.leave(conn.RemoteAddr())
		}
	}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		full := r.Context().Value(fullKey{}) != nil
		if full {
			w.Header().Set("Connection", "close")
		}
		switch {
		case full && !slices.Contains(alwaysAnswered, r.URL.Path):
			if c.log != nil {
				c.log.Warn("too many HTTP connections: no more are served", "connections", c.most)
			}
			w.Header().Set("Content-Type", "application/problem+json")
			w.Header().Set("Retry-After", "10")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, `{"status":503,"title":"Service Unavailable","detail":"too many connections (limit %d)"}`+"\n", c.most)
			return
		case r.Context().Value(crowdedKey{}) == nil:
			serve.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "10")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprintf(w, `{"status":429,"title":"Too Many Requests","detail":"too many connections from your address (limit %d) or network (%d)"}`+"\n", c.limit, ircbus.WideShare*c.limit)
	})
}

// count counts connections, and returns how many there are.
func (c *crowd) count(delta int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total += delta
	return c.total
}

// enter counts a new connection and returns how many there are too many of its
// network.
func (c *crowd) enter(from net.Addr) (over int) {
	network, limited := c.limited(from)
	if !limited {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[network.Narrow]++
	c.open[network.Wide]++
	return max(0, c.open[network.Narrow]-c.limit, c.open[network.Wide]-ircbus.WideShare*c.limit)
}

func (c *crowd) leave(from net.Addr) {
	network, limited := c.limited(from)
	if !limited {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, prefix := range []netip.Prefix{network.Narrow, network.Wide} {
		if c.open[prefix]--; c.open[prefix] <= 0 {
			delete(c.open, prefix)
		}
	}
}

// limited is the network of somebody whose connections are counted.
func (c *crowd) limited(from net.Addr) (ircbus.Network, bool) {
	if listed(c.proxies, from) {
		return ircbus.Network{}, false
	}
	origin := ircbus.OriginOf(from.String())
	network := ircbus.NetworkOf(origin.Counted)
	return network, network.IsValid() && !origin.Addr.IsLoopback()
}
