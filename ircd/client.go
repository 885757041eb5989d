package ircd

import (
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/ergochat/irc-go/ircutils"
	"github.com/ircbus/ircbus"
	"golang.org/x/time/rate"
)

// client is a connection as IRC sees it: who it is and where it is.
type client struct {
	// static
	srv   *Server
	conn  *conn
	log   *slog.Logger
	since time.Time
	host  string

	exempt atomic.Bool // a publisher's: no limit on lines

	// owned by the read loop
	limiter  *rate.Limiter
	slowed   bool // has been told of the limit on lines
	pinged   bool // has not answered our PING yet
	password string
	sasl     saslState
	pending  []publication // not stored yet
	joiners  map[lcChan]*ircbus.Joiner

	// The answer to the current command; owned by who holds Server.mu in the
	// read loop.
	label    string
	response []message
	batches  int // so many references of batches were given out
	arriving []*member
	lookups  []lookup // what is still missing

	// guarded by Server.mu
	registered  bool
	negotiating bool // CAP without CAP END
	version302  bool
	caps        capSet
	nick        string // what NICK asked for, before registration
	user, real  string
	account     string
	mayOper     bool       // account is an operator's
	publisher   *publisher // account's, if it is a publisher
	own         *own       // events that this publisher's connection publishes
	invisible   bool       // user mode i
	bot         bool       // user mode B
	away        string
	joined      map[lcChan]*membership
	lastActive  time.Time
}

// membership is a client's presence in one channel: either a person's channel
// or a view of a feed.
type membership struct {
	name string // as the client knows it

	channel   *channel // nil in a view
	op, voice bool

	view  *view
	key   streamKey
	place *member
}

func newClient(s *Server, nc net.Conn) *client {
	c := &client{
		srv:     s,
		conn:    newConn(nc, s.wg.Go, min(s.cfg.Limits.Behind, maxReplies), func() ircbus.ID { return ircbus.ID(s.head.Load()) }),
		since:   time.Now(),
		limiter: rate.NewLimiter(rate.Limit(s.cfg.Limits.Lines), s.cfg.Limits.Burst),
		sasl:    saslState{buffer: *ircutils.NewSASLBuffer(maxSASL)},
		joined:  make(map[lcChan]*membership),
	}
	c.host = hostOf(c.conn.addr)
	c.lastActive = c.since
	c.log = s.log.With("conn", nc.RemoteAddr().String())
	return c
}

// name is how replies address the client.
func (c *client) name() string {
	if !c.registered {
		return "*"
	}
	return c.nick
}

// source is who others see speaking.
func (c *client) source() string {
	if c.publisher != nil {
		return c.publisher.source
	}
	return c.nick + "!" + c.userName() + "@" + c.host
}

func (c *client) userName() string {
	if c.publisher != nil {
		return c.publisher.name
	}
	return c.user
}

func (c *client) hostName() string {
	if c.publisher != nil {
		return c.srv.cfg.Name
	}
	return c.host
}

// message is what this client does, for others to see.
func (c *client) message(command string, params ...string) message {
	return message{
		source: c.source(), command: command, params: params,
		at: time.Now(), account: c.account, bot: c.bot || c.publisher != nil,
	}
}
