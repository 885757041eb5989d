package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// allEvents reads the whole store over HTTP, page by page.
func allEvents(t *testing.T, addr string) []ircbus.Event {
	t.Helper()
	var all []ircbus.Event
	for next := "http://" + addr + "/changes?format=json&limit=1000&after=0"; next != ""; {
		response, err := http.Get(next)
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Next   string
			Gap    bool
			Events []ircbus.Event
		}
		err = json.NewDecoder(response.Body).Decode(&page)
		response.Body.Close()
		if err != nil || page.Gap {
			t.Fatalf("%s: %v, gap %v", next, err, page.Gap)
		}
		all = append(all, page.Events...)
		if page.Next == "" {
			break
		}
		base, _ := url.Parse(next)
		address, err := base.Parse(page.Next)
		if err != nil {
			t.Fatal(err)
		}
		next = address.String()
	}
	if len(all) == 0 {
		t.Fatal("nothing is stored")
	}
	return all
}

// checkStored: ids grow, nothing is stored twice, and what was acknowledged is
// there under its id.
func checkStored(t *testing.T, stored []ircbus.Event, acknowledged map[string]ircbus.ID) {
	t.Helper()
	ids := map[string]ircbus.ID{}
	var last ircbus.Event
	for _, e := range stored {
		page := e.Fields.Get("page")
		if e.ID <= last.ID || e.At.Before(last.At) {
			t.Errorf("event %d at %v follows event %d at %v", e.ID, e.At, last.ID, last.At)
		}
		if first, twice := ids[page]; twice {
			t.Errorf("%s is stored as %d and as %d", page, first, e.ID)
		}
		ids[page], last = e.ID, e
	}
	for page, id := range acknowledged {
		if ids[page] != id {
			t.Errorf("%s was acknowledged as %d and is stored as %d", page, id, ids[page])
		}
	}
}

func checkReceived(t *testing.T, who string, stored, got []ircbus.Event, gaps []string) {
	t.Helper()
	for _, gap := range gaps {
		t.Errorf("%s was told of a gap: %s", who, gap)
	}
	for i := range min(len(stored), len(got)) {
		if a, b := string(stored[i].AppendJSON(nil)), string(got[i].AppendJSON(nil)); a != b {
			t.Fatalf("%s: event %d of %d is\n%s\nnot\n%s", who, i, len(stored), b, a)
		}
	}
	if len(got) != len(stored) {
		t.Errorf("%s received %d events of %d", who, len(got), len(stored))
	}
}

// logFile opens a file for what processes say, shown if the test fails.
func logFile(t *testing.T, name string) *os.File {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		file.Close()
		if data, err := os.ReadFile(name); t.Failed() && err == nil {
			t.Logf("the processes said:\n%s", data)
		}
	})
	return file
}

// freeAddr returns an address that nobody listens on, for a bus that must come
// back to the same one. It is below the ports that the system gives to clients:
// one that dials while the bus is away could get that very port, and be connected
// to itself.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal("no free port between 20000 and 30000")
	return ""
}

func waitReady(t *testing.T, addr string) {
	t.Helper()
	waitUntil(t, "the bus to be ready", func() bool {
		response, err := http.Get("http://" + addr + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// waitUntil polls until condition holds; its limit is far above what it takes.
func waitUntil(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited two minutes for %s", what)
		}
	}
}
