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

// AtOnce is how many connections a door has at one time that would take this many: no
// more than a small part of the process's files, so that others can still connect.
func AtOnce(most int) int { return max(8, min(most, Files()/32)) }

// Conns accepts the TCP connections of a door.
type Conns struct {
	in       *Inlet
	listener net.Listener
	allow    []netip.Prefix
	room     *Room

	mu    sync.Mutex
	ended bool
	open  map[net.Conn]struct{}
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
	return &Conns{in: in, listener: listener, allow: allow, room: NewRoom(AtOnce(maxConns), maxPerAddress), open: make(map[net.Conn]struct{})}, nil
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
			place, why := c.admit(accepted)
			if why != nil {
				accepted.Close()
				continue
			}
			serving.Go(func() {
				defer c.forget(accepted, place)
				serve(context.WithValue(storing, placeKey{}, place), Screen(c.in, conn{accepted, c}))
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

// admit says why a connection is not served, or gives it its place.
func (c *Conns) admit(came net.Conn) (*Place, error) {
	addr := Remote(came.RemoteAddr())
	if !Allowed(c.allow, addr) {
		c.in.Received(1)
		c.in.Refuse(Sender, addr.String(), errSender)
		return nil, errSender
	}
	place, err := c.room.Enter(addr, func() { came.Close() })
	if err != nil {
		c.in.Received(1)
		c.in.Refuse(Rate, addr.String(), err)
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[came] = struct{}{}
	return place, nil
}

func (c *Conns) forget(gone net.Conn, place *Place) {
	gone.Close()
	place.Leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, gone)
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
