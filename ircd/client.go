package ircd

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
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
	arriving []*member

	// guarded by Server.mu
	registered  bool
	negotiating bool // CAP without CAP END
	version302  bool
	caps        capSet
	nick        string // what NICK asked for, before registration
	user, real  string
	account     string
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
		conn:    newConn(nc, s.wg.Go, s.cfg.Limits.Behind, func() ircbus.ID { return ircbus.ID(s.head.Load()) }),
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

// reply adds a numeric or another line from the server to the answer.
func (c *client) reply(command string, params ...string) {
	c.respond(message{
		source: c.srv.cfg.Name, command: command,
		params: append([]string{c.name()}, params...), at: time.Now(),
	})
}

// respond adds a line to the answer to the current command.
func (c *client) respond(m message) { c.response = append(c.response, m) }

// send queues a line that does not answer a command.
func (c *client) send(m message) { c.conn.queue(m.append(nil, c.caps)) }

// notice tells the client something from the server.
func (c *client) notice(text string) {
	c.send(message{source: c.srv.cfg.Name, command: "NOTICE", params: []string{c.name(), text}, at: time.Now()})
}

// answer turns a command's error into a reply.
func (c *client) answer(command string, err error) {
	var mistake *ircError
	var fail *failure
	switch {
	case err == nil:
	case errors.As(err, &mistake):
		c.reply(mistake.numeric, mistake.params...)
	case errors.As(err, &fail):
		c.fail(fail)
	default:
		c.log.Error("a command failed", "command", command, "err", err)
		c.reply("400", clip(command), "Internal error: the bus's log says more")
	}
}

func (c *client) fail(f *failure) {
	params := []string{f.command, f.code}
	if f.context != "" {
		params = append(params, clip(f.context))
	}
	if c.caps.has(capStandardReplies) {
		c.respond(message{source: c.srv.cfg.Name, command: "FAIL", params: append(params, f.reason), at: time.Now()})
		return
	}
	about := f.context
	if about == "" {
		about = f.command
	}
	c.reply(f.numeric, clip(about), f.reason)
}

// flush queues the answer, labelled if the command was
// (ircv3.net/specs/extensions/labeled-response), and the places that begin
// after it.
func (c *client) flush() {
	if line := c.compose(nil); len(line) > 0 || len(c.arriving) > 0 {
		c.conn.queue(line, c.arriving...)
	}
	c.arriving = nil
}

// compose appends the answer to dst and begins a new one.
func (c *client) compose(dst []byte) []byte {
	lines := c.response
	server := c.srv.cfg.Name
	switch {
	case c.label == "" || !c.caps.has(capLabeledResponse):
	case len(lines) == 0:
		lines = []message{{source: server, command: "ACK", label: c.label}}
	case len(lines) == 1:
		lines[0].label = c.label
	case !c.caps.has(capBatch): // a client that may not ask for this
		lines[len(lines)-1].label = c.label
	default:
		const ref = "r" // one is open at a time
		begin := message{source: server, command: "BATCH", params: []string{"+" + ref, "labeled-response"}, label: c.label}
		dst = begin.append(dst, c.caps)
		for i := range lines {
			lines[i].batch = ref
		}
		lines = append(lines, message{source: server, command: "BATCH", params: []string{"-" + ref}})
	}
	for i := range lines {
		dst = lines[i].append(dst, c.caps)
	}
	clear(c.response)
	c.response, c.label = c.response[:0], ""
	return dst
}

// serve is the read loop: it lives as long as the connection.
func (c *client) serve() {
	defer c.srv.forget(c)
	defer c.conn.close()
	err := c.conn.handshake(c.srv.stop, c.srv.cfg.Limits.Registration)
	for err == nil {
		err = c.step()
	}
	c.publish() // what came before the end was meant to be stored
	c.quit(farewell(err))
}

// errQuit ends the read loop with a reason for others.
type errQuit string

func (e errQuit) Error() string { return string(e) }

func farewell(err error) string {
	var quit errQuit
	switch {
	case errors.As(err, &quit):
		return string(quit)
	case errors.Is(err, io.EOF):
		return "Connection closed"
	case errors.Is(err, errEnded):
		return "Connection ended by the server"
	}
	return "Connection failed"
}

// step reads one line and does what it says.
func (c *client) step() error {
	if len(c.pending) >= c.srv.cfg.Limits.Batch || len(c.pending) > 0 && !c.conn.in.buffered() {
		c.publish()
	}
	line, err := c.conn.readLine(c.deadline(), c.silence)
	if err != nil && !errors.Is(err, errTooLong) {
		return err
	}
	c.pinged = false
	if err := c.throttle(); err != nil {
		return err
	}
	if err != nil {
		c.publish()
		c.refuse(errInputTooLong)
		return nil
	}
	return c.handle(string(line))
}

func (c *client) deadline() time.Time {
	if !c.registered { // only the read loop changes it
		return c.since.Add(c.srv.cfg.Limits.Registration)
	}
	return time.Now().Add(c.srv.cfg.Limits.Ping)
}

// silence is called when nothing came until the deadline.
func (c *client) silence() (time.Time, error) {
	switch limits := c.srv.cfg.Limits; {
	case !c.registered:
		return time.Time{}, errQuit(fmt.Sprintf("Registration took longer than %v", limits.Registration))
	case c.pinged:
		return time.Time{}, errQuit(fmt.Sprintf("Ping timeout: no answer for %v", limits.Ping))
	}
	c.pinged = true
	c.conn.queue([]byte("PING :" + c.srv.cfg.Name + "\r\n"))
	return time.Now().Add(c.srv.cfg.Limits.Ping), nil
}

// throttle makes people's lines wait their turn; publishers' do not.
func (c *client) throttle() error {
	if c.exempt.Load() {
		return nil
	}
	wait := c.limiter.Reserve().Delay()
	if wait <= 0 {
		return nil
	}
	if !c.slowed {
		c.slowed = true
		c.srv.mu.Lock()
		c.notice(fmt.Sprintf("You send more than %v lines a second: from now on they are taken one by one", c.srv.cfg.Limits.Lines))
		c.srv.mu.Unlock()
	}
	select {
	case <-time.After(wait):
		return nil
	case <-c.srv.stop.Done():
		return errEnded
	}
}

// quit takes the client out of everything and orders the last line.
func (c *client) quit(reason string) {
	s := c.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.conn.isCut() {
		reason = "Too slow"
		s.stats.slow.Add(1)
		c.log.Warn("a reader was too slow and has been cut off", "nick", c.nick, "limit", s.cfg.Limits.Behind)
	}
	c.announceQuit(reason)
	for _, m := range c.joined {
		c.leave(m)
	}
	if c.registered {
		s.registered--
		s.stats.registered.Add(-1)
	}
	if c.publisher != nil {
		delete(c.publisher.clients, c)
	} else if key := foldNick(c.nick); s.nicks[key] == c {
		delete(s.nicks, key)
	}
	c.conn.finish("ERROR :" + strings.ToValidUTF8(reason, "?"))
}

// announceQuit tells the neighbours. Of a publisher that has other connections
// they see it part only from the channels where none of those is.
func (c *client) announceQuit(reason string) {
	if c.publisher != nil && len(c.publisher.clients) > 1 {
		for _, m := range c.joined {
			if m.channel != nil && !m.channel.doubled(c) {
				m.channel.sendOthers(c, c.message("PART", m.name, reason))
			}
		}
		return
	}
	gone := c.message("QUIT", reason)
	for other := range c.neighbours() {
		other.send(gone)
	}
}
