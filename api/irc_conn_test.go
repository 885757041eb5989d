package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// webIRC is a WebSocket from both ends: as the IRC server sees it, and as the
// client does.
func webIRC(t *testing.T, subprotocol string) (server net.Conn, client *websocket.Conn) {
	t.Helper()
	conns := make(chan net.Conn, 1)
	b := startBus(t, func(c *Config) { c.ServeIRC = func(conn net.Conn) { conns <- conn } })
	client, _, err := websocket.Dial(t.Context(), b.url+"/irc", &websocket.DialOptions{Subprotocols: []string{subprotocol}})
	if err != nil {
		t.Fatal(err)
	}
	server = <-conns
	t.Cleanup(func() {
		server.Close()
		client.CloseNow()
	})
	return server, client
}

// TestIRCConn: what the IRC server needs of a connection: deadlines that end a
// read and not the connection, lines in both directions.
func TestIRCConn(t *testing.T) {
	server, client := webIRC(t, textIRC)
	buf := make([]byte, 100)
	server.SetReadDeadline(time.Now())
	if _, err := server.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("after the deadline: %v", err)
	}
	server.SetReadDeadline(time.Now().Add(patience))
	if err := client.Write(t.Context(), websocket.MessageBinary, []byte("PING a")); err != nil {
		t.Fatal(err)
	}
	if n, err := io.ReadFull(server, buf[:8]); err != nil || string(buf[:n]) != "PING a\r\n" {
		t.Fatalf("%q, %v", buf[:n], err)
	}
	if _, ok := server.RemoteAddr().(*net.TCPAddr); !ok {
		t.Errorf("the client is at %v", server.RemoteAddr())
	}
	if n, err := server.Write([]byte("one\r\n\xfftwo\xff\r\n")); n != 12 || err != nil {
		t.Fatal(n, err)
	}
	for _, want := range []string{"one", "\uFFFDtwo\uFFFD"} {
		if _, got, err := client.Read(t.Context()); err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := client.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	if _, err := server.Read(buf); err != io.EOF {
		t.Errorf("after the client has gone: %v", err)
	}
}

// TestIRCConnSlow: when a reader is too slow, every line is accounted for: it is
// either delivered whole or reported as not written, and last words follow.
func TestIRCConnSlow(t *testing.T) {
	server, client := webIRC(t, binaryIRC)
	var lines strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&lines, "%d %s\r\n", i, strings.Repeat("x", 400))
	}
	b := []byte(lines.String())
	n := 0
	for err := error(nil); err == nil; {
		end := n + bytes.LastIndexByte(b[n:min(len(b), n+64<<10)], '\n') + 1
		within := 500 * time.Millisecond
		if n == 0 {
			within = patience
		}
		server.SetWriteDeadline(time.Now().Add(within))
		var part int
		part, err = server.Write(b[n:end])
		n += part
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
	}
	if n == 0 || n == len(b) || b[n-1] != '\n' {
		t.Fatalf("%d bytes of %d", n, len(b))
	}
	server.SetWriteDeadline(time.Now().Add(patience))
	go func() {
		server.Write([]byte("ERROR :Too slow\r\n"))
		server.(interface{ CloseWrite() error }).CloseWrite()
	}()
	written := strings.Split(strings.TrimSuffix(string(b[:n]), "\r\n"), "\r\n")
	for i, want := range append(written, "ERROR :Too slow") {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		_, got, err := client.Read(ctx)
		cancel()
		if err != nil || string(got) != want {
			t.Fatalf("line %d of %d: %.20q, %v", i, len(written), got, err)
		}
	}
	if _, _, err := client.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		t.Errorf("the end: %v", err)
	}
}

// TestFrames: whatever part of the frames a write gets through, the other side
// sees whole frames only.
func TestFrames(t *testing.T) {
	for got := range 10 {
		near, far := net.Pipe()
		f := &frames{Conn: near}
		f.hold()
		var ends []int
		for _, frame := range []string{"aaa", "bbb", "ccc"} {
			f.Write([]byte(frame))
			ends = append(ends, f.held())
		}
		read := make(chan string)
		go func() {
			begun := make([]byte, got)
			n, _ := io.ReadFull(far, begun)
			near.SetWriteDeadline(time.Now())
			read <- string(begun[:n])
		}()
		whole, err := f.release(ends)
		text := <-read
		near.SetWriteDeadline(time.Time{})
		go func() {
			f.Write([]byte("end"))
			near.Close()
		}()
		rest, readErr := io.ReadAll(far)
		if readErr != nil {
			t.Fatal(readErr)
		}
		want := "aaabbbccc"[:3*whole] + "end"
		if text+string(rest) != want || (err == nil) != (got >= 9) || whole != min(3, (got+2)/3) {
			t.Errorf("after %d bytes: %q, %d whole, %v", got, text+string(rest), whole, err)
		}
	}
}

// TestNoIRC: a bus may offer none.
func TestNoIRC(t *testing.T) {
	b := startBus(t, nil)
	problem(t, b.get("/irc"), http.StatusNotFound)
	recorder := httptest.NewRecorder() // HTTP/2 has no upgrade to take over
	request := httptest.NewRequest("GET", "/irc", nil)
	b.api.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusNotFound {
		t.Errorf("%d", recorder.Code)
	}
}
