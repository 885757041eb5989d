package door

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Limits of a door that accepts connections.
const (
	maxConns      = 1024 // at once
	maxPerAddress = 256  // of them, from one address that is not loopback
	acceptPause   = 100 * time.Millisecond
)

// mostFiles is what Files says where there is no limit.
const mostFiles = 1 << 20

// atOnce is how many connections one door may have: no more than a small part of the
// process's files, so that others can still connect.
func atOnce() int { return max(8, min(maxConns, Files()/32)) }

// Conns accepts the TCP connections of a door.
type Conns struct {
	in       *Inlet
	listener net.Listener
	allow    []netip.Prefix

	mu    sync.Mutex
	ended bool
	open  map[net.Conn]netip.Addr
	count map[netip.Addr]int
}

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// conn is a connection whose reads end with the door, whatever deadline it gets
// later.
type conn struct {
	net.Conn
	of *Conns
}

// SetReadDeadline implements net.Conn.
func (c conn) SetReadDeadline(t time.Time) error {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if c.of.ended {
		t = past
	}
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline implements net.Conn.
func (c conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetWriteDeadline(t), c.SetReadDeadline(t))
}

// ListenConns binds the addresses, host:port with commas between them; port 0
// takes a free one. Connections from outside of allow are refused; nil allows loopback alone.
func ListenConns(in *Inlet, listen string, allow []netip.Prefix) (*Conns, error) {
	listener, err := Listen(context.Background(), net.ListenConfig{}, listen)
	if err != nil {
		return nil, err
	}
	if allow == nil {
		allow = Loopback
	}
	return &Conns{in: in, listener: listener, allow: allow, open: make(map[net.Conn]netip.Addr), count: make(map[netip.Addr]int)}, nil
}

// Addr returns the address that it listens on, or the addresses.
func (c *Conns) Addr() net.Addr { return oneAddr(Addrs(c.listener)) }

// Close closes the listener of a door that does not Run.
func (c *Conns) Close() error { return c.listener.Close() }

// Run accepts until ctx ends, then waits for serve to finish with each
// connection and returns nil. It is called once. Each connection is served in a
// goroutine of its own and closed after that. When ctx ends, reads from it fail;
// the ctx of serve lasts a little longer, to store what was read.
func (c *Conns) Run(ctx context.Context, serve func(context.Context, net.Conn)) error {
	storing, cancel := Draining(ctx)
	defer cancel()
	var serving sync.WaitGroup
	defer serving.Wait()
	stop := context.AfterFunc(ctx, c.end)
	defer stop()
	for {
		accepted, err := c.listener.Accept()
		switch {
		case err == nil:
			if why := c.admit(accepted); why != nil {
				accepted.Close()
				continue
			}
			serving.Go(func() {
				defer c.forget(accepted)
				serve(storing, Screen(c.in, conn{accepted, c}))
			})
			if ctx.Err() != nil {
				c.end() // this one came in between
			}
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accepting connections: %w", err)
		default:
			c.in.Trouble("accepting a connection failed", err)
			select {
			case <-time.After(acceptPause):
			case <-ctx.Done():
			}
		}
	}
}

// admit says why a connection is not served, or counts it.
func (c *Conns) admit(came net.Conn) error {
	addr := Remote(came.RemoteAddr())
	if !Allowed(c.allow, addr) {
		c.in.Received(1)
		c.in.Refuse(Sender, addr.String(), errSender)
		return errSender
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if most := atOnce(); len(c.open) >= most || c.count[addr] >= maxPerAddress && !addr.IsLoopback() {
		err := fmt.Errorf("%d connections are open, %d of them from this address; the limits are %d and %d",
			len(c.open), c.count[addr], most, maxPerAddress)
		c.in.Received(1)
		c.in.Refuse(Rate, addr.String(), err)
		return err
	}
	c.open[came] = addr
	c.count[addr]++
	return nil
}

func (c *Conns) forget(gone net.Conn) {
	gone.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	addr := c.open[gone]
	delete(c.open, gone)
	if c.count[addr]--; c.count[addr] == 0 {
		delete(c.count, addr)
	}
}

// end lets every blocked read and Accept return.
func (c *Conns) end() {
	c.listener.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for open := range c.open {
		open.SetReadDeadline(past)
	}
}
