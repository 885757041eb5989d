// Package api is the bus over HTTP (docs/protocol.md, "Publishing over HTTP" and
// "Getting old events"): changes, events, the live stream, the wikis'
// description blocks, health, and a page for people. It knows the log only as
// history.Log and history.Index, and accounts only as functions.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// Limits of what a stranger, or a publisher, may ask for in one request.
const (
	DefaultLimit = 500      // events in an answer that names no limit
	MaxLimit     = 10_000   // events in any answer
	MaxFeedItems = 1_000    // events in an RSS or Atom feed
	MaxChannels  = 100      // views in one request
	MaxWait      = 60       // seconds
	MaxBatch     = 10_000   // events in one POST
	MaxPost      = 16 << 20 // bytes of one POST
	MaxStreams   = 10_000   // requests that wait or stream at one time
	MaxPerHost   = 500      // of those, from one address that is not the bus's own
	MaxSearches  = 8        // requests with a filter from such an address, running or waiting for their turn
)

// Config says what the handler serves and whom it asks.
type Config struct {
	Log   history.Log
	Index history.Index

	// Login checks a name and its password or token, LoginToken a token alone;
	// both return the account's name, and what the login is good for. A failure that is an *ircbus.Refusal with
	// RateLimited, or has a method RetryAfter() time.Duration, becomes 429.
	// A nil function refuses everybody.
	Login      func(ctx context.Context, name, secret string, from netip.Addr) (account string, scope ircbus.Scope, err error)
	LoginToken func(ctx context.Context, token string, from netip.Addr) (account string, scope ircbus.Scope, err error)

	// Operator says whether an account may redact everybody's events. nil: none
	// may.
	Operator func(account string) bool

	// Wikis lists the publishers. Their Feeds say who may publish where and
	// which text channel stands for which feed. It must be cheap and is called
	// by every request.
	Wikis func() []ircbus.Wiki

	// ServeIRC takes over an IRC connection that came by WebSocket: a stream of
	// lines. It must not wait for the connection's end, and must close it. nil:
	// there is no IRC here.
	ServeIRC func(net.Conn)
	// Origins are the sites whose pages may open such a connection, as
	// "https://chat.example.org" or "*.example.org"; the API's own always may.
	Origins []string

	// Proxies are the networks of proxies that may say for whom they ask, by
	// X-Forwarded-For or Forwarded.
	Proxies []netip.Prefix

	// Doors are what else takes events over HTTP, and DoorReports what /doors
	// tells operators of all doors; nil: there are none.
	Doors       []Door
	DoorReports func() any

	// Bodies is the room for what requests bring that prove nothing yet, and Replies
	// that for answers to senders without an account. nil: there is enough.
	Bodies, Replies *ircbus.Budget

	Refused func(ircbus.Code) // counts refused events; may be nil
	Closed  bool              // everything but /healthz needs a login
	MaxBody int               // bytes of one event; 0 means ircbus.MaxBody

	Name, Version string // of the bus
	IRC, IRCTLS   string // host:port that people connect to; "" = not offered
	URL           string // public base address; "" = taken from each request's Host
	Self          string // base address that the bus itself tells others if URL is ""

	Ready   func() error // nil, or why the bus cannot publish now; may be nil
	Metrics http.Handler // answers /metrics; nil = 404
	Logger  *slog.Logger // nil = slog.Default()
}

// Handler serves the API. It is safe for concurrent use.
type Handler struct {
	Config // static

	mux                 *chi.Mux      // static
	ui                  *ui           // static
	patience, heartbeat time.Duration // static
	bodyTimeout         time.Duration // static
	readTimeout, stall  time.Duration // static
	slowWrite           time.Duration // static
	searchPatience      time.Duration // static
	searchBytes         int           // static
	searches, catchUps  *ircbus.Turns // static
	searchers, readers  *ircbus.Crowd // static
	keys                knownKeys
	origins             []string        // static
	hosts               hosts           // static
	closed              context.Context // ends with Close
	close               context.CancelFunc

	unlisted, silent, strangeHost sync.Once // each is logged once

	streams   atomic.Int64 // open now
	streamed  atomic.Uint64
	cut       atomic.Uint64
	published atomic.Uint64
}

// Stats are figures for monitoring.
type Stats struct {
	Streams   int64  // requests that stream or wait now
	Streamed  uint64 // events written to streams
	SlowCut   uint64 // streams ended because their reader did not read
	Published uint64 // events accepted by POST, without duplicates
}

// New checks the configuration and makes the handler. The caller should end it
// with Close before it shuts its http.Server down.
func New(c Config) (*Handler, error) {
	if c.Log == nil || c.Index == nil || c.Wikis == nil {
		return nil, errors.New("api: Config needs Log, Index and Wikis")
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Name == "" {
		c.Name = "ircbus"
	}
	if c.MaxBody == 0 {
		c.MaxBody = ircbus.MaxBody
	}
	c.URL = strings.TrimRight(c.URL, "/")
	h := &Handler{Config: c, patience: writeTimeout, heartbeat: heartbeat}
	h.origins, h.hosts = originPatterns(c.URL, c.Origins), newHosts(c.URL, c.Self)
	h.bodyTimeout, h.slowWrite = bodyTimeout, slowWrite
	h.readTimeout, h.stall = readTimeout, stall
	h.searchPatience, h.searchBytes = searchPatience, searchBytes
	h.searchers, h.readers = ircbus.NewCrowd(MaxSearches), ircbus.NewCrowd(MaxPerHost)
	h.searches = ircbus.NewTurns(max(2, runtime.GOMAXPROCS(0)))
	h.catchUps = ircbus.NewTurns(max(1, runtime.GOMAXPROCS(0)/2))
	h.closed, h.close = context.WithCancel(context.Background())
	var err error
	if h.ui, err = loadUI(); err != nil {
		return nil, err
	}
	h.mux = h.router()
	h.mount()
	return h, nil
}

// Close ends all streams and everything that waits. Requests after it are still
// answered, but never wait. It may be called more than once.
func (h *Handler) Close() error {
	h.close()
	return nil
}

// Stats returns the current figures.
func (h *Handler) Stats() Stats {
	return Stats{h.streams.Load(), h.streamed.Load(), h.cut.Load(), h.published.Load()}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mux.ServeHTTP(w, h.forwarded(r))
}

// base returns the public address of the API without a slash at its end.
func (h *Handler) base(r *http.Request) string {
	if h.URL != "" {
		return h.URL
	}
	host := r.Host
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && !h.hosts.mayName(r) {
		host = local.String()
	}
	if isSecure(r) {
		return "https://" + host
	}
	return "http://" + host
}

// waiting counts a request that will stay, and frees it from the server's
// time-outs for ordinary ones; done must be called at its end.
func (h *Handler) waiting(w http.ResponseWriter, r *http.Request) (done func(), err error) {
	leave, ok := h.readers.Enter(counted(r))
	if !ok {
		return nil, crowded("%d requests from your address are waiting or streaming now; end some of them first", MaxPerHost)
	}
	done = func() {
		h.streams.Add(-1)
		leave()
	}
	if h.streams.Add(1) > MaxStreams {
		done()
		return nil, &Problem{Status: http.StatusServiceUnavailable, Detail: "too many readers are waiting or streaming now; try again later", RetryAfter: 10}
	}
	rc := http.NewResponseController(w)
	// A read deadline would end the request: the server reads on meanwhile to
	// notice when the client goes. Writes set their own.
	if err := errors.Join(rc.SetReadDeadline(time.Time{}), rc.SetWriteDeadline(time.Time{})); err != nil {
		done()
		return nil, err
	}
	return done, nil
}
