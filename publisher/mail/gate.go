package mail

import (
	"net"
	"sync"
	"time"

	"github.com/ircbus/ircbus/publisher/door"
)

// maxConns is how many mail servers and programs may be connected at once to one
// listener; others wait.
const maxConns = 256

// gate is a listener that knows the connections that are open, and holds others
// up while there are too many.
type gate struct {
	net.Listener
	in    *door.Inlet
	admit func(net.Conn) bool // nil admits everybody
	slots chan struct{}

	mu   sync.Mutex
	open map[*held]struct{}
}

func newGate(in *door.Inlet, l net.Listener, admit func(net.Conn) bool) *gate {
	return &gate{Listener: l, in: in, admit: admit, slots: make(chan struct{}, maxConns), open: make(map[*held]struct{})}
}

// held is a connection that counts until it is closed.
type held struct {
	net.Conn          // that is read and written
	raw      net.Conn // below it
	gate     *gate
}

// Accept waits for the next connection that is admitted.
func (g *gate) Accept() (net.Conn, error) {
	g.slots <- struct{}{}
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			<-g.slots
			return nil, err
		}
		if g.admit != nil && !g.admit(conn) {
			conn.Close()
			continue
		}
		h := &held{door.Screen(g.in, conn), conn, g}
		g.mu.Lock()
		g.open[h] = struct{}{}
		g.mu.Unlock()
		return h, nil
	}
}

// Close may be called several times.
func (h *held) Close() error {
	h.gate.mu.Lock()
	_, open := h.gate.open[h]
	delete(h.gate.open, h)
	h.gate.mu.Unlock()
	if open {
		<-h.gate.slots
	}
	return h.Conn.Close()
}

// hurry ends the wait for what the others say next.
func (g *gate) hurry() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for h := range g.open {
		h.SetReadDeadline(time.Unix(1, 0))
	}
}

// hangUp ends every connection.
func (g *gate) hangUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for h := range g.open {
		h.Conn.Close()
	}
}
