package publisher

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ircbus/ircbus"
)

// Client publishes on one bus as one account. Its methods may be called from
// many goroutines.
type Client struct {
	// static
	options  Options
	submit   chan *Pending      // to run: a new event
	withdraw chan *Pending      // to run: its caller has given up
	flush    chan chan struct{} // to run: close it when nothing is left to send
	closing  chan struct{}      // closed by Close
	stopped  chan struct{}      // closed by run's end
	once     sync.Once
	waiting  atomic.Int64 // events in the spool; written by run

	mu       sync.Mutex
	trouble  error // guarded by mu: what keeps events from the bus at present; nil if nothing
	closeErr error // guarded by mu: from run's end

	sender // owned by run
}

// Dial makes a client and tries once to connect and log in, for at most as long
// as ctx lasts and half a minute.
//
// Without a spool, an unreachable bus is an error, and so is a refused login
// (*LoginError). With a spool, neither is: what is published goes to the spool,
// Trouble tells what is wrong, and the client goes on trying. A spool that
// another process has open is ErrSpoolLocked.
func Dial(ctx context.Context, o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	c := &Client{
		options:  o,
		submit:   make(chan *Pending, 64),
		withdraw: make(chan *Pending),
		flush:    make(chan chan struct{}),
		closing:  make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	if o.Spool != "" {
		var err error
		if c.spool, err = openSpool(o.Spool, o.SpoolLimit, o.Log); err != nil {
			return nil, err
		}
		c.waiting.Store(int64(c.spool.len()))
	}
	first, err := connect(ctx, &c.options)
	if err != nil && c.spool == nil {
		return nil, err
	}
	c.init()
	if err != nil {
		c.failed(err)
	} else {
		c.connected(first)
	}
	go c.run() // Close waits for it
	return c, nil
}

// Publish publishes an event on the client's own channel; see PublishTo.
func (c *Client) Publish(ctx context.Context, f ircbus.Fields) (ircbus.Receipt, error) {
	return c.PublishTo(ctx, c.options.Channel, f)
}

// PublishTo publishes an event on a channel and returns when the bus has it on
// disk, with the event's id. If f has no field "key", it gets a random one. The
// receipt's Duplicate says that the bus had an event with this key before, perhaps
// from a try whose answer was lost: its ID and At are those of the first.
//
// With a spool, it also returns when the event is on disk there because the bus
// cannot take it at present: then the receipt's ID is zero, and the event gets
// the time of the call as its "time" unless it has one. If the spool cannot take
// it either, the error is ErrSpoolFull or that of the disk.
//
// A final refusal is a *ircbus.Refusal: the event was not stored. Refusals that
// pass (StoreUnavailable, RateLimited) and lost connections are overcome by
// trying again, without a spool until ctx ends. If ctx ends first, the event
// may or may not be published; who wants to try once more should have set "key".
func (c *Client) PublishTo(ctx context.Context, channel string, f ircbus.Fields) (ircbus.Receipt, error) {
	p, err := c.Submit(ctx, channel, f)
	if err != nil {
		return ircbus.Receipt{}, err
	}
	return p.Wait(ctx)
}

// Submit is PublishTo in two steps: it hands the event over and returns; the
// returned Pending's Wait gives the answer. One goroutine can so have many
// events under way, and they are stored in its order. (Only if the bus
// refuses one for the moment, those already under way behind it overtake it.)
// Submit blocks while very many events are waiting, until ctx ends.
func (c *Client) Submit(ctx context.Context, channel string, f ircbus.Fields) (*Pending, error) {
	if err := ircbus.CheckChannel(channel); err != nil {
		return nil, err
	}
	if !f.Has("key") {
		f = append(f[:len(f):len(f)], ircbus.Field{Key: "key", Value: rand.Text()})
	}
	accepted, err := ircbus.Accept(f, c.options.MaxBody)
	if err != nil {
		return nil, err
	}
	p := &Pending{client: c, channel: channel, fields: accepted, at: time.Now(), done: make(chan struct{})}
	if _, err := p.lines(); err != nil {
		return nil, err
	}
	select {
	case c.submit <- p:
		return p, nil
	case <-ctx.Done():
		return nil, c.inTime(ctx)
	case <-c.closing:
		return nil, ErrClosed
	}
}

// inTime makes the error for a ctx that has ended, with what kept the event.
func (c *Client) inTime(ctx context.Context) error {
	if trouble := c.Trouble(); trouble != nil {
		return fmt.Errorf("%w: %w", trouble, context.Cause(ctx))
	}
	return context.Cause(ctx)
}

// Pending is an event on its way to the bus.
type Pending struct {
	// static
	client  *Client
	channel string
	fields  ircbus.Fields // accepted, with a key
	at      time.Time     // of the Submit
	entry   *entry        // its place in the spool, if it comes from there
	done    chan struct{}

	// owned by run
	order uint64 // place among the events of this client
	size  int    // bytes on the wire of the last sending

	// set by run before it closes done
	receipt ircbus.Receipt
	err     error
}

// Key returns the event's key, given or made.
func (p *Pending) Key() string { return p.fields.Get("key") }

// Wait returns what PublishTo would. If ctx ends first, an event that has not
// been sent yet is withdrawn.
func (p *Pending) Wait(ctx context.Context) (ircbus.Receipt, error) {
	select {
	case <-p.done:
		return p.receipt, p.err
	case <-ctx.Done():
	case <-p.client.stopped:
	}
	select {
	case <-p.done: // run answers before it stops
		return p.receipt, p.err
	case <-p.client.stopped:
		return ircbus.Receipt{}, ErrClosed
	case p.client.withdraw <- p:
		return ircbus.Receipt{}, p.client.inTime(ctx)
	}
}

// Flush waits until nothing is left to send: every event that was submitted
// has its answer, and the spool is empty. If others go on publishing, it waits
// for theirs, too. If ctx ends first, the error tells what keeps events back.
func (c *Client) Flush(ctx context.Context) error {
	empty := make(chan struct{})
	select {
	case c.flush <- empty:
	case <-ctx.Done():
		return c.inTime(ctx)
	case <-c.stopped:
		return ErrClosed
	}
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return c.inTime(ctx)
	case <-c.stopped:
		return ErrClosed
	}
}

// Spooled returns how many events wait in the spool.
func (c *Client) Spooled() int { return int(c.waiting.Load()) }

// Trouble returns what keeps events from the bus at present, such as a
// *LoginError or a *ircbus.Refusal that may pass, or nil if nothing does.
func (c *Client) Trouble() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trouble
}

func (c *Client) setTrouble(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trouble = err
}

// Close ends the connection. Events without an answer go to the spool; without
// a spool their Publish returns ErrClosed, though the bus may have stored some:
// call Flush before. The error is the spool's.
func (c *Client) Close() error {
	c.once.Do(func() { close(c.closing) })
	<-c.stopped
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closeErr
}

// final reports whether a connection's failure is an answer that trying again
// will hardly change.
func final(err error) bool {
	var login *LoginError
	return errors.As(err, &login)
}
