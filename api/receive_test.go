package api

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// drip opens a connection to the bus and writes the beginning of a request.
func (b *bus) drip(text string) (net.Conn, *bufio.Reader) {
	b.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, text); err != nil {
		b.t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// A body that was announced and does not come is answered with 408, and the
// connection closed, on every route and whether the route wants a body or not.
func TestCaseA7(t *testing.T) {
	b := startBus(t, func(c *Config) {
		c.Doors = []Door{{Methods: []string{"POST"}, Pattern: "/doors/x", Serve: func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.ReadAll(r.Body)
			return err
		}}}
	})
	b.api.readTimeout = 20 * time.Millisecond
	for _, request := range []string{
		"POST /nothing", "GET /healthz", "GET /changes", "GET /stream", "POST /events", "POST /doors/x", "PUT /healthz",
		"DELETE /events/1", "OPTIONS /changes", "HEAD /changes", "GET /ui/style.css",
	} {
		for _, length := range []string{"Content-Length: 100", "Transfer-Encoding: chunked"} {
			t.Run(request+" "+length, func(t *testing.T) {
				_, in := b.drip(request + " HTTP/1.1\r\nHost: localhost\r\n" + length + "\r\n\r\n")
				method, _, _ := strings.Cut(request, " ")
				answer, err := http.ReadResponse(in, &http.Request{Method: method})
				if err != nil {
					t.Fatal(err)
				}
				io.Copy(io.Discard, answer.Body)
				if answer.StatusCode != http.StatusRequestTimeout || !answer.Close {
					t.Errorf("status %d, closed: %v", answer.StatusCode, answer.Close)
				}
				if _, err := in.ReadByte(); err == nil {
					t.Error("more comes after the answer")
				}
			})
		}
	}
	t.Run("after 100 Continue", func(t *testing.T) {
		_, in := b.drip("POST /doors/x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n")
		for _, status := range []int{http.StatusContinue, http.StatusRequestTimeout} {
			answer, err := http.ReadResponse(in, nil)
			if err != nil || answer.StatusCode != status {
				t.Fatalf("%v, %v, want status %d", answer, err, status)
			}
		}
	})
	t.Run("what comes", func(t *testing.T) {
		b.api.readTimeout = patience
		for _, route := range []string{"GET /healthz", "GET /changes", "POST /doors/x"} {
			conn, in := b.drip(route + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab")
			io.WriteString(conn, "cd"+"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
			for range 2 {
				answer, err := http.ReadResponse(in, nil)
				if err != nil || answer.StatusCode != http.StatusOK {
					t.Fatalf("%s: %v, %v", route, answer, err)
				}
				io.Copy(io.Discard, answer.Body)
			}
		}
		if a := b.do("GET", "/healthz", bytes.Repeat([]byte("x"), idleBody+1)); a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("a large body that nobody wants: %d", a.status)
		}
	})
}

// What strangers send has one budget for the whole bus: who is too much is told to
// come later. What is proven does not count.
func TestCaseA3Bodies(t *testing.T) {
	const size, room = 100_000, 4
	read := make(chan struct{}, 100)
	var proven atomic.Bool
	b := startBus(t, func(c *Config) {
		c.Bodies = ircbus.NewBudget(room*size + size/2)
		c.Doors = []Door{{Methods: []string{"POST"}, Pattern: "/doors/x", Serve: func(w http.ResponseWriter, r *http.Request) error {
			if proven.Load() {
				r.Body.(interface{ Proven() }).Proven()
			}
			if _, err := io.ReadFull(r.Body, make([]byte, size)); err != nil {
				return err
			}
			read <- struct{}{}
			_, err := io.ReadAll(r.Body)
			return err
		}}}
	})
	almost := fmt.Sprintf("POST /doors/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", size+1, strings.Repeat("x", size))
	var waiting []net.Conn
	for range room {
		conn, _ := b.drip(almost)
		waiting = append(waiting, conn)
		<-read
	}
	_, in := b.drip(almost)
	answer, err := http.ReadResponse(in, nil)
	if err != nil || answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Fatalf("%v, %v", answer, err)
	}
	if a := b.get("/healthz"); a.status != http.StatusOK {
		t.Errorf("who sends nothing is answered %d", a.status)
	}
	for _, conn := range waiting {
		conn.Close()
	}
	for b.api.Bodies.Used() > 0 {
		<-time.After(time.Millisecond)
	}
	proven.Store(true)
	for range 2 * room {
		b.drip(almost)
		<-read
	}
	if used := b.api.Bodies.Used(); used != 0 {
		t.Errorf("%d bytes that are proven count", used)
	}
}

// Answers that wait for readers without an account have one budget, too: there is
// 503 when it is spent, a slow stream is cut, and who logs in gets his answer.
func TestCaseA3Replies(t *testing.T) {
	b := startBus(t, func(c *Config) { c.Replies = ircbus.NewBudget(3 << 20) })
	b.fillLog(2000)
	held := b.api.Replies.Share(nil)
	if held.Take(3<<20 - 1000); b.get("/changes").status != http.StatusServiceUnavailable {
		t.Error("there was room for an answer")
	}
	if a := b.get("/changes", "Authorization", goodToken); a.status != http.StatusOK {
		t.Errorf("with an account: %d %s", a.status, a.body)
	}
	if a := b.get("/healthz"); a.status != http.StatusOK {
		t.Errorf("a small answer: %d", a.status)
	}
	held.End()
	if a := b.get("/changes"); a.status != http.StatusOK {
		t.Errorf("when there is room again: %d", a.status)
	}
	for b.api.Replies.Used() > 0 { // until the last handler has returned
		<-time.After(time.Millisecond)
	}
}
