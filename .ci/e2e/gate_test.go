package e2e

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
)

// gate stands between the bus and who publishes, who sees it closed, open, or as
// a bus that does not answer. A new one is closed.
type gate struct {
	t            *testing.T
	address, bus string
	listener     net.Listener
	taken        atomic.Int32 // connections
}

func newGate(t *testing.T, bus string) *gate {
	t.Helper()
	g := &gate{t: t, address: "127.0.0.1:" + freePort(t), bus: bus}
	t.Cleanup(g.close)
	return g
}

func (g *gate) close() {
	if g.listener != nil {
		g.listener.Close()
		g.listener = nil
	}
}

func (g *gate) open() { g.forward(func(conn, bus net.Conn) { io.Copy(conn, bus) }) }

// swallow lets the bus have what is sent, and nobody its answer.
func (g *gate) swallow() { g.forward(func(_, bus net.Conn) { bus.Read(make([]byte, 1)) }) }

func (g *gate) forward(answer func(conn, bus net.Conn)) {
	g.listen(func(conn net.Conn) {
		defer conn.Close()
		bus, err := net.Dial("tcp", g.bus)
		if err != nil {
			return
		}
		defer bus.Close()
		go io.Copy(bus, conn) // ends when either is closed
		answer(conn, bus)
	})
}

// hang takes what is sent and says nothing.
func (g *gate) hang() {
	g.listen(func(conn net.Conn) {
		io.Copy(io.Discard, conn)
		conn.Close()
	})
}

func (g *gate) listen(serve func(net.Conn)) {
	g.t.Helper()
	g.close()
	listener, err := net.Listen("tcp", g.address)
	if err != nil {
		g.t.Fatal(err)
	}
	g.listener = listener
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			g.taken.Add(1)
			go serve(conn)
		}
	}()
}
