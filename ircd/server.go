// Package ircd is the IRC server of the bus: people and programs join channels
// and see what publishers publish there.
//
// It knows neither the store nor HTTP: Config.Append stores events, and what is
// stored comes back through Server.Deliver. What it promises on the wire is in
// docs/protocol.md.
package ircd

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ircbus/ircbus"
)

// Config says what a server is called, what it may do, and whom it asks. Name
// and Append are required.
type Config struct {
	Name    string   // server name, as in "irc.example.org"; at most ircbus.MaxServerLen bytes
	Network string   // for people; default Name
	Version string   // of the program
	MOTD    []string // lines of the message of the day
	Admin   []string // lines of ADMIN, at most three; the last is the address to write to

	// HTTP is the base address of the bus's HTTP API, which the topics of feed
	// channels point to; "" if there is none.
	HTTP string

	STS STS // zero: none

	// CloakKey hides people's addresses from one another: what is shown in
	// their place is made with it. Empty: addresses are shown.
	CloakKey []byte

	RequireLogin   bool // nobody gets in without an account (docs/protocol.md, "Trust")
	NoUserChannels bool // people cannot make channels

	// Append stores a batch of events and returns when they are on disk, with
	// one receipt each; see history.Log.
	Append func(context.Context, []ircbus.Event) ([]ircbus.Receipt, error)

	// Redact removes an event, or fields of it, from what is stored, and returns
	// when that is on disk. The error is an *ircbus.Refusal, with NoSuchEvent if
	// there is no such event in the channel, or the store's. nil: nothing can be
	// redacted.
	Redact func(context.Context, ircbus.Redaction) error

	// LastKept is the time of the newest message in Chat; the clock may be behind it.
	LastKept time.Time

	// Epoch says of which log the ids are.
	Epoch string

	// Head is the id of the last event before the first that Deliver will get.
	Head ircbus.ID

	// Events calls fn with the stored events that q asks for, in q's order, until
	// fn fails, and returns fn's error or ErrUnfinished. Every event that was
	// delivered is stored. fn may keep the event. nil: none are kept.
	Events func(ctx context.Context, q EventQuery, fn func(*ircbus.Event) error) error

	// Keyed is the id of the publisher's event with a key, 0 if there is none. nil:
	// nobody can ask by key.
	Keyed func(ctx context.Context, publisher, key string) (ircbus.ID, error)

	DCC DCC // how files are sent

	// Chat keeps what people say in their channels and to one another, if that is
	// wanted. nil: nothing of it is kept.
	Chat                      Chat
	KeepChannels, KeepPrivate bool

	Replay Replay // to who joins

	Memos Memos // what programs tell people; nil: nothing

	// Login checks an account's password or token. When it returns the account,
	// SetAccounts has told of it. The error's text is shown to the client. nil:
	// nobody can log in.
	Login func(ctx context.Context, name, secret string, from netip.Addr) (Account, error)

	// Accounts is what else can be done with accounts. nil: nothing.
	Accounts     Accounts
	Registration Registration

	// Password checks the server's password, which lets people in who have no
	// account. nil: there is none, and nobody needs it.
	Password func(given string, from netip.Addr) error

	ReadMarkers ReadMarkers         // of accounts; nil: connections have them, and they end with these
	KLines      []KLine             // bans from the server at the start, masks as CheckKLine accepts them
	SaveKLines  func([]KLine) error // keeps them, on disk when it returns; nil: they end with the server

	Rehash func() error // reads the configuration again, for REHASH; nil: cannot be done
	File   string       // name of the configuration's file, for REHASH; may be ""

	Refused func(ircbus.Code) // told of every refused event; may be nil

	// Gather is how long a line of a feed waits for more, so that one write to each
	// member takes them all. 0: it does not wait, unless there are so many lines
	// that the writing takes all the time.
	Gather time.Duration

	// Replies is the room for what waits to be written to all who have no account
	// together; nil: there is enough.
	Replies *ircbus.Budget

	MaxBody int    // limit of an event's canonical form in bytes; 0 means ircbus.MaxBody
	Limits  Limits // zero fields mean the defaults
	Log     *slog.Logger
}

// Account is who has logged in.
type Account struct {
	Name     string
	Operator bool // may do what OPER allows

	Token bool         // has logged in by a token, which is no proof of who it is
	Scope ircbus.Scope // of that token

	// Created is when the account was made: what an earlier one of this name has
	// said to others is not shown to it.
	Created time.Time
}

// Publisher is an account that may publish: its description, whose Feeds are the
// channels it may publish in, and how people see its events.
type Publisher struct {
	ircbus.Wiki

	Created time.Time // of the account, and so of its channels; zero: now

	// Line makes the readable line of an event: at most max bytes, without CR,
	// LF and NUL; one that fits is the same for every max. nil: the packed form, cut.
	Line func(e *ircbus.Event, max int) string

	// Quiet reports whether the readable channel leaves an event out; tombstones it
	// is not asked about. nil: it leaves out none.
	Quiet func(ircbus.Fields) bool
}

// Server is an IRC server. Its methods may be called from any goroutine.
type Server struct {
	// static
	cfg     Config
	log     *slog.Logger
	started time.Time
	ctx     context.Context // ends when Shutdown gives up waiting
	cancel  context.CancelFunc
	stop    context.Context // ends when Shutdown begins
	stopNow context.CancelFunc

	hub     hub
	wg      sync.WaitGroup // connections, writers, flushers and so on
	stats   counters
	head    atomic.Uint64 // id of the last delivered event
	reading *ircbus.Turns // of those who read the store

	searching *ircbus.Turns // of those who search in it

	banning   sync.Mutex // held while the bans change; taken before mu
	notifying sync.Mutex // held while a memo is kept and given, so that they come in order; taken before mu

	people sync.Mutex // their queue for mu, see client.lock

	// guarded by mu
	mu          sync.Mutex
	closing     bool
	listeners   map[net.Listener]struct{}
	clients     map[*client]struct{} // every connection
	addresses   map[netip.Prefix]int // connections of each narrow and wide network
	newcomers   newcomers
	nicks       map[lcNick]*person // those who have registered, and all publishers
	owners      map[lcNick]string  // accounts, whose nicks their names are
	enrolling   map[lcNick]*person // who is making an account of this name
	publishers  map[lcNick]*publisher
	feeds       map[lcChan]*feedName // packed and text channels
	channels    map[lcChan]*channel  // people's channels
	messages    uint64               // people's messages so far, for msgid
	lastKept    time.Time            // of these
	lastEvent   time.Time            // of those delivered; the clock may be behind both
	sent        sentLog              // the newest of them
	offers      int                  // of files
	registered  int                  // connections
	registering list.List            // of *client: who have yet to register, the oldest first
	census      census
	klines      []kline
	past        pastNicks
	seen        seenPlaces
	monitors    map[lcNick]map[*client]struct{} // who monitors a nick
	used        map[string]uint64               // how often each command was used
	set         Settings
	scratch     scratch   // for Deliver
	response    []message // memory for client.response, nil while in use
	answer      []byte    // and for client.compose
}

// New returns a server that listens nowhere yet.
func New(cfg Config) (*Server, error) {
	switch {
	case cfg.Name == "" || len(cfg.Name) > ircbus.MaxServerLen || clip(cfg.Name) != cfg.Name:
		return nil, fmt.Errorf("the server name %q must be 1 to %d bytes without blanks", cfg.Name, ircbus.MaxServerLen)
	case cfg.Append == nil:
		return nil, errors.New("the IRC server needs a store to append to")
	}
	if cfg.Network == "" {
		cfg.Network = cfg.Name
	}
	if cfg.Version == "" {
		cfg.Version = "ircbus"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Refused == nil {
		cfg.Refused = func(ircbus.Code) {}
	}
	cfg.Limits.setDefaults()
	s := &Server{
		cfg: cfg, log: cfg.Log, started: time.Now(), lastKept: cfg.LastKept,
		listeners:  make(map[net.Listener]struct{}),
		clients:    make(map[*client]struct{}),
		addresses:  make(map[netip.Prefix]int),
		nicks:      make(map[lcNick]*person),
		publishers: make(map[lcNick]*publisher),
		feeds:      make(map[lcChan]*feedName),
		channels:   make(map[lcChan]*channel),
		reading:    ircbus.NewTurns(maxLookups),
		searching:  ircbus.NewTurns(maxSearches),
		used:       make(map[string]uint64),
		monitors:   make(map[lcNick]map[*client]struct{}),
		owners:     make(map[lcNick]string),
		enrolling:  make(map[lcNick]*person),
		seen:       make(seenPlaces),
	}
	s.Configure(Settings{MOTD: cfg.MOTD, Admin: cfg.Admin, STS: cfg.STS, Registration: cfg.Registration})
	for _, one := range cfg.KLines {
		k, err := parseKLine(one.Mask)
		if err != nil {
			return nil, fmt.Errorf("the ban of %q: %w", one.Mask, err)
		}
		one.Mask = k.Mask
		k.KLine = one
		s.klines = append(s.klines, k)
	}
	s.head.Store(uint64(cfg.Head))
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.stop, s.stopNow = context.WithCancel(s.ctx)
	s.hub = hub{
		start: s.wg.Go, stop: s.stop.Done(), linger: cfg.Limits.linger, stall: cfg.Limits.stall, replies: cfg.Replies, head: func() ircbus.ID { return ircbus.ID(s.head.Load()) },
		waker:   waker{start: s.wg.Go, stop: s.stop.Done()},
		patient: waker{start: s.wg.Go, stop: s.stop.Done(), least: cfg.Limits.delay},
		flusher: flusher{start: s.wg.Go, gather: cfg.Gather, delay: cfg.Limits.delay},
		parking: parking{start: s.wg.Go, resume: (*client).resume},
	}
	return s, nil
}

// Serve accepts connections from l until Shutdown, when it returns nil, or
// until l fails. It closes l.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return nil
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	for {
		nc, err := l.Accept()
		if err != nil {
			if s.stop.Err() != nil {
				return nil
			}
			if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED) {
				s.log.Error("accepting a connection failed; trying again", "err", err)
				select {
				case <-time.After(acceptPause):
					continue
				case <-s.stop.Done():
					return nil
				}
			}
			return fmt.Errorf("accepting connections on %s: %w", l.Addr(), err)
		}
		s.accept(nc)
	}
}

// acceptPause is how long to wait when there are no file descriptors left.
const acceptPause = 100 * time.Millisecond

// ServeConn takes over a connection that somebody else has accepted, a WebSocket
// say, and returns at once. Its RemoteAddr says who is on the other side, as
// ircbus.OriginOf reads it. If it has a method Secure() bool, that tells whether TLS protects
// it. The server closes it in the end, with Shutdown at the latest.
func (s *Server) ServeConn(nc net.Conn) { s.accept(nc) }

// accept starts a connection's read loop, or tells it why not.
func (s *Server) accept(nc net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		nc.Close()
		return
	}
	c := newClient(s, nc)
	refused, ok := s.admits(c.conn.from.Counted)
	if !ok {
		s.wg.Go(func() { nc.Close() }) // which may wait for a WebSocket
		return
	}
	s.clients[c] = struct{}{}
	if refused == "" {
		c.registering = s.registering.PushBack(c)
	}
	s.stats.connections.Add(1)
	s.wg.Add(1) // until forget
	go c.serve(refused)
}

// forget takes a closed connection off the books.
func (s *Server) forget(c *client) {
	defer s.wg.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, c)
	s.countAddress(c.conn.from.Counted, -1)
	s.stats.connections.Add(-1)
}

// Shutdown stops listening, tells everybody the reason, and waits until all
// connections are closed. When ctx ends first it closes them at once, gives up
// what they are storing, and returns ctx's error.
func (s *Server) Shutdown(ctx context.Context, reason string) error {
	s.mu.Lock()
	s.closing = true
	s.stopNow()
	for l := range s.listeners {
		l.Close()
	}
	for c := range s.clients {
		c.conn.finish("ERROR :" + reason)
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		s.cancel()
		return nil
	case <-ctx.Done():
	}
	s.cancel()
	s.mu.Lock()
	for c := range s.clients {
		c.conn.net.Close()
	}
	s.mu.Unlock()
	<-done
	return ctx.Err()
}
