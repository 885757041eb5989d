package subscriber_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// proxy passes TCP connections on. It can cut them, and be rough: then it cuts,
// delays, holds up and half-closes them at random.
type proxy struct {
	t      *testing.T
	addr   string
	target atomic.Value // string
	limit  atomic.Int64 // >0: each direction of a connection ends after fewer bytes than that

	mu    sync.Mutex
	rng   *rand.Rand // nil unless it is rough
	conns map[net.Conn]chan struct{}
	pipes sync.WaitGroup
}

func newProxy(t *testing.T) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, addr: l.Addr().String(), conns: make(map[net.Conn]chan struct{})}
	p.target.Store("")
	p.pipes.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.pipes.Go(func() { p.pass(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.cutAll()
		p.pipes.Wait()
	})
	return p
}

func (p *proxy) point(target string) { p.target.Store(target) }

// rough makes the connections from now on bad ones; nil ends that.
func (p *proxy) rough(rng *rand.Rand) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rng = rng
}

// cutAll closes what is open now.
func (p *proxy) cutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c, cut := range p.conns {
		c.Close()
		close(cut)
		delete(p.conns, c)
	}
}

func (p *proxy) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.target.Load().(string))
	if err != nil {
		return
	}
	defer server.Close()
	cut := make(chan struct{})
	p.mu.Lock()
	p.conns[client], p.conns[server] = cut, make(chan struct{})
	up, down := p.fate(20), p.fate(1)
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { up.copy(server, client, cut) })
	both.Go(func() { down.copy(client, server, cut) })
	both.Wait()
	p.mu.Lock()
	delete(p.conns, client)
	delete(p.conns, server)
	p.mu.Unlock()
}

// fate is what becomes of one direction of a connection.
type fate struct {
	bytes int64         // that get through; <0 for all
	hold  time.Duration // then it is silent for so long
	half  bool          // then it is closed in this direction alone
	delay time.Duration // before each piece, up to that
}

// fate is called with mu held. share makes a direction with fewer bytes end early too.
func (p *proxy) fate(share int64) fate {
	f := fate{bytes: -1}
	if limit := p.limit.Load(); limit > 0 && share == 1 {
		f.bytes = rand.Int64N(limit)
	}
	if p.rng == nil {
		return f
	}
	if p.rng.IntN(4) > 0 {
		f.bytes = p.rng.Int64N(60_000 / share)
	}
	if p.rng.IntN(3) == 0 {
		f.hold = time.Duration(p.rng.IntN(300)) * time.Millisecond
	}
	f.half = p.rng.IntN(3) == 0
	if p.rng.IntN(2) == 0 {
		f.delay = time.Duration(p.rng.IntN(3000)) * time.Microsecond
	}
	return f
}

// copy passes bytes on until one side ends, or the fate wants it; cut ends a pause.
func (f fate) copy(to, from net.Conn, cut chan struct{}) {
	buffer := make([]byte, 4096)
	for f.bytes != 0 {
		if f.bytes > 0 {
			buffer = buffer[:min(int64(cap(buffer)), f.bytes)]
		}
		n, err := from.Read(buffer)
		if f.delay > 0 {
			pause(rand.N(f.delay), cut)
		}
		if _, failed := to.Write(buffer[:n]); failed != nil {
			err = failed
		}
		if f.bytes > 0 {
			f.bytes -= int64(n)
		}
		if err != nil {
			f.hold, f.half = 0, f.half && errors.Is(err, io.EOF)
			break
		}
	}
	pause(f.hold, cut)
	if f.half {
		to.(*net.TCPConn).CloseWrite()
		pause(f.hold, cut) // and for ever it would not stay so
	}
	to.Close()
	from.Close()
}

func pause(d time.Duration, cut chan struct{}) {
	if d == 0 {
		return
	}
	select {
	case <-cut:
	case <-time.After(d):
	}
}
