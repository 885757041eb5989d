package ircd

import (
	"container/list"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/ircbus/ircbus"
	"golang.org/x/time/rate"
)

// client is a connection as IRC sees it: who it is and where it is.
type client struct {
	// static
	srv   *Server
	conn  *conn
	begun time.Time

	exempt atomic.Bool          // a publisher's or operator's: no limit on lines
	kept   atomic.Pointer[desk] // nil: to be made anew; see desk

	// owned by the read loop, and while there is none by Server.hub.parking
	limiter    *rate.Limiter
	nicks      *rate.Limiter // changes of the nick; nil before the first
	recipients *recipients   // nil before the first
	slowed     bool          // has been told of the limit on lines
	fastSince  time.Time     // every line since then had to wait; zero: the last had not
	due        time.Time     // when its silence has lasted too long
	pinged     bool          // has not answered our PING yet
	mustEnter  time.Time     // until when it must have registered, for now
	queued     bool          // see lock
	password   string
	said       []string      // names before registration, among which a password may be; see toldPassword
	sasl       *saslState    // nil: no login has begun
	failed     int           // proofs
	pending    []publication // not stored yet
	desk       *desk         // of the last of pending
	flight     *flight       // nil if nothing is under way
	lastLine   lastLine      // belongs to the flight that is being answered
	joiners    map[lcChan]*ircbus.Joiner
	batch      *openBatch

	// The answer to the current command; owned by who holds Server.mu in the
	// read loop.
	label    string
	response []message
	batches  int // so many references of batches were given out
	arriving []*member
	lookups  []lookup // what is still missing

	// guarded by Server.mu
	registered  bool
	registering *list.Element // of Server.registering; nil: it is not there
	negotiating bool          // CAP without CAP END
	admitted    bool          // has given the server's password
	proven      time.Time     // when it has logged in other than by a token; zero: it has not
	scope       ircbus.Scope  // of its token
	renewed     bool          // changes its account, so that the next LogOut is not for it
	nickRefused bool          // before registration: somebody may be asked for another
	version302  bool
	caps        capSet
	*person          // whose connection this is
	own         *own // events that this publisher's connection publishes
	paced       paced
	offer       *offer // a file that it may fetch, or nil
	views       assoc[viewing]
	asked       lcChan // the last channel that was asked back about, see asksBack
	inbox       inbox
	gone        string            // this connection's away message; see settleAway
	monitored   map[lcNick]string // nicks as the client wrote them
	ending      string            // why the server ends the connection, for QUIT
}

// viewing is a connection's presence in a view of a feed.
type viewing struct {
	name  string // as the client knows it
	view  *view
	key   streamKey
	place *member
}

func newClient(s *Server, nc net.Conn) *client {
	c := &client{
		srv:     s,
		conn:    newConn(&s.hub, nc, min(s.cfg.Limits.Behind, maxReplies)),
		begun:   time.Now(),
		limiter: rate.NewLimiter(rate.Limit(s.cfg.Limits.Lines), s.cfg.Limits.Burst),
	}
	c.mustEnter = c.begun.Add(s.cfg.Limits.Registration)
	c.person = &person{host: s.shownHost(c.conn.from.Addr), since: c.begun}
	return c
}

// log is the log of what concerns the connection.
func (c *client) log() *slog.Logger {
	return c.srv.log.With("conn", c.conn.net.RemoteAddr().String())
}

// name is how replies address the client.
func (c *client) name() string {
	if !c.registered {
		return "*"
	}
	return c.nick
}

// lock takes Server.mu for the read loop. People wait in a queue of their own
// before, so that publishers and the delivery of events have to wait for one of
// them at most, however many want something at the same time.
func (c *client) lock() {
	if c.queued = !c.exempt.Load(); c.queued {
		c.srv.people.Lock()
	}
	c.srv.mu.Lock()
}

func (c *client) unlock() {
	c.srv.mu.Unlock()
	if c.queued {
		c.queued = false
		c.srv.people.Unlock()
	}
}
