package mail

import (
	"net"
	"sync"
	"time"

	"github.com/ircbus/ircbus/publisher/door"
)

// How many mail servers and programs may be connected at once to one listener (fewer
// where file descriptors are few), and how many of one Unix user or address.
const (
	maxConns = 256
	maxEach  = 64
)

// gate is a listener that knows the connections that are open, and keeps room for
// everybody.
type gate struct {
	net.Listener
	in    *door.Inlet
	admit func(net.Conn) bool // nil admits everybody
	room  *door.Room

	mu   sync.Mutex
	open map[*held]struct{}
}

func newGate(in *door.Inlet, l net.Listener, admit func(net.Conn) bool) *gate {
	return &gate{Listener: l, in: in, admit: admit, room: door.NewRoom(door.AtOnce(maxConns), maxEach), open: make(map[*held]struct{})}
}

// held is a connection that counts until it is closed.
type held struct {
	net.Conn          // that is read and written
	raw      net.Conn // below it
	gate     *gate
	place    *door.Place
}

// Accept waits for the next connection that is admitted.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if g.admit != nil && !g.admit(conn) {
			conn.Close()
			continue
		}
		place, err := g.enter(conn)
		if err != nil {
			g.refuse(conn, err)
			continue
		}
		h := &held{door.Screen(g.in, conn), conn, g, place}
		g.mu.Lock()
		g.open[h] = struct{}{}
		g.mu.Unlock()
		return h, nil
	}
}

// enter gives a connection its place.
func (g *gate) enter(conn net.Conn) (*door.Place, error) {
	hangUp := func() { conn.Close() }
	local, ok := conn.(*net.UnixConn)
	if !ok {
		return g.room.Enter(door.Remote(conn.RemoteAddr()), hangUp)
	}
	user, err := peer(local)
	if err != nil {
		user = "" // whom the session refuses
	}
	return g.room.EnterUser(user, hangUp)
}

// refuse tells a mail server to come again (RFC 5321, section 3.8).
func (g *gate) refuse(conn net.Conn, why error) {
	g.in.Received(1)
	g.in.Refuse(door.Rate, conn.RemoteAddr().String(), why)
	conn.SetWriteDeadline(time.Now().Add(time.Second))
	conn.Write([]byte("421 4.3.2 too many connections are open: try again later\r\n"))
	conn.Close()
}

// Close may be called several times.
func (h *held) Close() error {
	h.gate.mu.Lock()
	delete(h.gate.open, h)
	h.gate.mu.Unlock()
	h.place.Leave()
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
