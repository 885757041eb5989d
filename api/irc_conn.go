package api

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// ircConn shows a WebSocket to the IRC server as what it knows: a stream of lines.
// A message is a line without its end. The server's writer hands over many lines
// at once; they become one message each, and one write.
//
// The WebSocket library ends a connection whose read runs into a deadline, but
// the IRC server goes on after one. So a goroutine of its own reads, pump, and
// hands over through a pipe.
type ircConn struct {
	ws      *websocket.Conn // static
	out     *frames         // static; below ws
	in, fed net.Conn        // static; the pipe's two ends
	remote  net.Addr        // static
	secure  bool            // static
	kind    websocket.MessageType

	ends    []int // reused by Write
	running sync.WaitGroup
}

// newIRCConn begins to read; Close ends it.
func newIRCConn(ws *websocket.Conn, out *frames, remote net.Addr, secure bool) *ircConn {
	c := &ircConn{ws: ws, out: out, remote: remote, secure: secure, kind: websocket.MessageText}
	if ws.Subprotocol() == binaryIRC {
		c.kind = websocket.MessageBinary
	}
	c.in, c.fed = net.Pipe()
	c.running.Go(c.pump)
	return c
}

// pump hands over what comes in until the connection ends.
func (c *ircConn) pump() {
	defer c.fed.Close()
	for {
		_, message, err := c.ws.Reader(context.Background())
		if err != nil {
			return
		}
		line, err := io.ReadAll(message)
		if err != nil {
			return
		}
		line = bytes.TrimRight(line, "\r\n") // some clients send the end nevertheless
		if _, err := c.fed.Write(append(line, '\r', '\n')); err != nil {
			return
		}
	}
}

func (c *ircConn) Read(b []byte) (int, error) { return c.in.Read(b) }

// Write sends whole lines; n counts the bytes of those that are on their way. After
// a deadline in the middle of a message, the rest of that message goes before
// what is written next, and its line counts as written.
func (c *ircConn) Write(b []byte) (n int, err error) {
	c.out.hold()
	c.ends = c.ends[:0]
	for rest := b; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte{'\n'})
		rest = after
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if c.kind == websocket.MessageText {
			line = bytes.ToValidUTF8(line, []byte("\uFFFD"))
		}
		if err = c.ws.Write(context.Background(), c.kind, line); err != nil {
			break
		}
		c.ends = append(c.ends, c.out.held())
	}
	whole, flushErr := c.out.release(c.ends)
	if err == nil && flushErr == nil {
		return len(b), nil
	}
	for range whole {
		n += bytes.IndexByte(b[n:], '\n') + 1
	}
	if flushErr != nil {
		err = flushErr
	}
	return n, err
}

// CloseWrite says that no more will come, by the closing handshake of WebSocket.
func (c *ircConn) CloseWrite() error {
	c.running.Go(func() { c.ws.Close(websocket.StatusNormalClosure, "") })
	return nil
}

// Close closes the connection and waits for the goroutines that belong to it.
func (c *ircConn) Close() error {
	err := c.out.Close()
	c.in.Close()
	c.ws.CloseNow()
	c.running.Wait()
	return err
}

// Secure reports whether TLS protects the connection.
func (c *ircConn) Secure() bool { return c.secure }

func (c *ircConn) LocalAddr() net.Addr                { return c.out.LocalAddr() }
func (c *ircConn) RemoteAddr() net.Addr               { return c.remote }
func (c *ircConn) SetReadDeadline(t time.Time) error  { return c.in.SetReadDeadline(t) }
func (c *ircConn) SetWriteDeadline(t time.Time) error { return c.out.SetWriteDeadline(t) }

func (c *ircConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// hijacked takes note of the connection below a WebSocket and puts frames
// between them.
type hijacked struct {
	http.ResponseWriter
	out *frames
}

// Hijack implements http.Hijacker.
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.out = &frames{Conn: conn}
	// A writer for control frames; messages are held and written together.
	return h.out, bufio.NewReadWriter(buffers.Reader, bufio.NewWriterSize(h.out, 256)), nil
}
