package api

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// An answer that is being sent when retention removes what should follow in it
// is broken off; one that has sent that already is not.
func TestRetentionUnderAnswer(t *testing.T) {
	const events = 1800 // more bytes than a socket takes that nobody reads from
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
		response, err := http.Get(b.url + "/changes?limit=10000&after=0&format=ndjson")
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
