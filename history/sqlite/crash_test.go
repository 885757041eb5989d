package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

func crashEvent(key string) ircbus.Event {
	return ircbus.Event{Channel: "#moin", Publisher: "moin", Fields: ircbus.Fields{{Key: "page", Value: "P"}, {Key: "key", Value: key}}}
}

// crashChild appends until it is killed, and prints each acknowledged event's
// key and id.
func crashChild(path string) error {
	s, err := Open(context.Background(), path, Options{})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for a := range 4 {
		wg.Go(func() {
			for i := 0; err == nil; i++ {
				batch := make([]ircbus.Event, a+1)
				for k := range batch {
					batch[k] = crashEvent(fmt.Sprintf("%d-%d-%d-%d", os.Getpid(), a, i, k))
				}
				receipts, appendErr := s.Append(context.Background(), batch)
				mu.Lock()
				if appendErr != nil {
					err = appendErr
				}
				for k, r := range receipts {
					fmt.Printf("%s %d\n", batch[k].Fields.Get("key"), r.ID)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return err
}

// TestCrash kills a process that appends, at random moments: all that it
// acknowledged is there, once, under the id that it told, and no id is ever
// given out again.
func TestCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	acknowledged := map[string]ircbus.ID{}
	var head ircbus.ID // the last id that anybody has seen
	for round := range 12 {
		acks := killAfter(t, path, 1+rand.IntN(400))
		s := openFile(t, path)
		seen := map[string]ircbus.ID{}
		before := head
		for _, e := range events(t, s) {
			key := e.Fields.Get("key")
			if seen[key] != 0 {
				t.Errorf("event %s is there twice, as %d and %d", key, seen[key], e.ID)
			}
			if _, old := acknowledged[key]; !old && acks[key] != 0 && e.ID <= before {
				t.Errorf("id %d was given out again, for %s", e.ID, key)
			}
			seen[key] = e.ID
			head = max(head, e.ID)
		}
		for key, id := range acks {
			if seen[key] != id {
				t.Errorf("event %s was acknowledged as %d and is there as %d", key, id, seen[key])
			}
			acknowledged[key] = id
		}
		checkRetries(t, s, acknowledged)
		if round%4 == 3 {
			if _, err := s.Retain(t.Context(), []Retention{{MaxAge: time.Nanosecond}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d events were acknowledged", len(acknowledged))
}

// killAfter starts a child, kills it when it has acknowledged n events, and
// returns all that it acknowledged.
func killAfter(t *testing.T, path string, n int) map[string]ircbus.ID {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, path)
	cmd.Env = append(os.Environ(), childEnv+"=crash")
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acks := map[string]ircbus.ID{}
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n') // without its end, a line is not an acknowledgement
		if err != nil {
			if err != io.EOF {
				t.Error(err)
			}
			break
		}
		var key string
		var id ircbus.ID
		if _, err := fmt.Sscanf(line, "%s %d\n", &key, &id); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if acks[key] = id; len(acks) == n {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()
	if len(acks) < n {
		t.Fatalf("the child ended by itself: %s", problems.String())
	}
	return acks
}

// checkRetries sends everything again, as a publisher would after the crash.
func checkRetries(t *testing.T, s *Store, acknowledged map[string]ircbus.ID) {
	t.Helper()
	var batch []ircbus.Event
	for key := range acknowledged {
		batch = append(batch, crashEvent(key))
	}
	receipts, err := s.Append(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range receipts {
		if key := batch[i].Fields.Get("key"); !r.Duplicate || r.ID != acknowledged[key] {
			t.Errorf("event %s, acknowledged as %d, sent again: %+v", key, acknowledged[key], r)
		}
	}
}
