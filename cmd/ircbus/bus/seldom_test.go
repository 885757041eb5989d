package bus

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestCaseB7Log: lines of a kind are written once a minute, with how many there were.
func TestCaseB7Log(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logged
		handler := newSeldom(slog.NewTextHandler(&out, nil))
		log := slog.New(handler)
		count := func(part string, want int) {
			t.Helper()
			synctest.Wait()
			if n := strings.Count(out.String(), part); n != want {
				t.Errorf("%q is there %d times, not %d:\n%s", part, n, want, out.String())
			}
		}
		full := errors.New("too many open files")
		for range 700 {
			log.Error("accepting failed", "err", full)
			log.With("door", "irker").Error("accepting failed", "err", full)
			time.Sleep(10 * time.Millisecond)
		}
		count("accepting failed", 2)
		for i := range 100 {
			log.Warn("a sender was refused", "number", i)
			log.Info("somebody logged in", "number", i)
		}
		count("a sender was refused", seldomBurst)
		count("somebody logged in", 100)
		time.Sleep(seldomEvery)
		count("repeated=699", 2)
		count("repeated=95", 1)
		log.Error("accepting failed", "err", full)
		count("accepting failed", 5)
		time.Sleep(2 * seldomEvery)
		count("accepting failed", 5) // a single one is not summed up
		for range 3 {
			log.Error("accepting failed", "err", full)
		}
		handler.close()
		count("repeated=2", 1) // nothing is lost at the end, and nothing comes after it
		time.Sleep(2 * seldomEvery)
		count("accepting failed", 7)
		log.Error("accepting failed", "err", full)
		log.Error("accepting failed", "err", full)
		count("accepting failed", 9)
	})
}
