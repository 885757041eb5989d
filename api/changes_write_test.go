package api

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// throughNarrowSockets serves with sockets that take few bytes while nobody reads.
func (b *bus) throughNarrowSockets() *http.Client {
	const size = 32 << 10
	server := httptest.NewUnstartedServer(b.api)
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if err := c.(*net.TCPConn).SetWriteBuffer(size); err != nil {
			b.t.Error(err)
		}
		return ctx
	}
	server.Start()
	b.t.Cleanup(server.Close)
	b.url = server.URL
	// Compressed, the whole answer would fit into them.
	transport := &http.Transport{DisableCompression: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, address)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(size)
		}
		return c, err
	}}
	b.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// An answer that is being sent when retention removes what should follow in it
// is broken off; one that has sent that already is not.
func TestRetentionUnderAnswer(t *testing.T) {
	const events = 200
	for _, test := range []struct {
		keep  int
		whole bool
	}{{events - 10, true}, {10, false}} {
		b := startBus(t, nil)
		comment := strings.Repeat("x", 12_000)
		for range events / 100 {
			batch := make([]string, 100)
			for i := range batch {
				batch[i] = "page=A&comment=" + comment
			}
			b.publish(batch...)
		}
		response, err := b.throughNarrowSockets().Get(b.url + "/changes?limit=10000&after=0&format=ndjson")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if _, err := io.ReadFull(response.Body, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		b.retain("#moinmaster", test.keep)
		rest, err := io.ReadAll(response.Body)
		lines := strings.Count(string(rest), "\n")
		if test.whole && (err != nil || lines != events) || !test.whole && err == nil {
			t.Errorf("%d events of %d kept: got %d lines and %v", test.keep, events, lines, err)
		}
		if last := fmt.Sprint(ircbus.ID(events)); !test.whole && strings.Contains(string(rest), `"id":`+last+",") {
			t.Error("the answer went on over a hole")
		}
	}
}
