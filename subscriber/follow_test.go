package subscriber_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/history/sqlite"
	"github.com/ircbus/ircbus/subscriber"
)

// all are overlapping views of two channels, one under its readable name.
var all = []string{"#moin", "#moin?user=!*Bot", "other.text", "#OTHER?page=*1*"}

// everything is what they come to.
var everything = []string{"#moin", "#other"}

func TestBackfillThenLive(t *testing.T) {
	w := newWorld(t)
	w.publishAll("moin", 0, 50)
	r := newRecorder()
	follow(t, w.options(), r, all...)
	var publishers sync.WaitGroup
	publishers.Go(func() { w.publishAll("moin", 50, 250) })
	publishers.Go(func() { w.publishAll("other", 0, 200) })
	publishers.Wait()
	r.wait(t, 450)
	w.publishAll("other", 200, 210) // surely live
	r.wait(t, 460)
	r.check(t, w.stored(everything...))
}

// TestOneView needs no barrier; only matching events come.
func TestOneView(t *testing.T) {
	w := newWorld(t)
	r := newRecorder()
	follow(t, w.options(), r, "#moin?user=Bob&page=!*7*")
	w.publishAll("moin", 0, 200)
	stored := w.stored("#moin?user=Bob&page=!*7*")
	r.wait(t, len(stored))
	r.check(t, stored)
}

func TestBusRestarts(t *testing.T) {
	w := newWorld(t)
	r := newRecorder()
	follow(t, w.options(), r, all...)
	var publishers sync.WaitGroup
	publishers.Go(func() { w.publishAll("moin", 0, 300) })
	publishers.Go(func() { w.publishAll("other", 0, 300) })
	for i := range 8 {
		r.wait(t, i*60)
		w.stop()
		w.start()
	}
	publishers.Wait()
	r.wait(t, 600)
	r.check(t, w.stored(everything...))
	if len(r.gaps) > 0 {
		t.Errorf("gaps are told: %v", r.gaps)
	}
}

func TestSubscriberRestarts(t *testing.T) {
	w := newWorld(t)
	r := newRecorder()
	o := w.options()
	o.Cursor = filepath.Join(t.TempDir(), "cursor")
	var publishers sync.WaitGroup
	publishers.Go(func() { w.publishAll("moin", 0, 150) })
	publishers.Go(func() { w.publishAll("other", 0, 150) })
	for i := range 10 {
		f := follow(t, o, r, all...)
		r.wait(t, i*20)
		f.end(t)
	}
	publishers.Wait()
	follow(t, o, r, all...)
	r.wait(t, 300)
	r.check(t, w.stored(everything...))
}

func TestCutConnections(t *testing.T) {
	w := newWorld(t)
	w.irc.limit.Store(20_000)
	w.http.limit.Store(200_000)
	r := newRecorder()
	follow(t, w.options(), r, all...)
	var publishers sync.WaitGroup
	publishers.Go(func() { w.publishAll("moin", 0, 300) })
	publishers.Go(func() { w.publishAll("other", 0, 300) })
	for i := range 6 {
		r.wait(t, i*80)
		w.irc.cutAll()
	}
	publishers.Wait()
	w.irc.limit.Store(0)
	w.http.limit.Store(0)
	r.wait(t, 600)
	r.check(t, w.stored(everything...))
}

// TestWithoutIRC gets events over HTTP alone.
func TestWithoutIRC(t *testing.T) {
	w := newWorld(t)
	w.irc.point("127.0.0.1:1")
	r := newRecorder()
	follow(t, w.options(), r, all...)
	w.publishAll("moin", 0, 30)
	r.wait(t, 30)
	w.publishAll("other", 0, 30)
	r.wait(t, 60)
	r.check(t, w.stored(everything...))
}

// TestSlowHandler holds the first live event until more has come than is kept.
func TestSlowHandler(t *testing.T) {
	w := newWorld(t)
	const events = 25_000
	r, gate := newRecorder(), make(chan struct{})
	r.before = func(*ircbus.Event) error { <-gate; return nil }
	open := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(open)
	w.publishAll("moin", 0, 1)
	follow(t, w.options(), r, "#moin", "#other")
	for n := 1; n < events; n += 500 {
		var batch []ircbus.Event
		for i := n; i < min(n+500, events); i++ {
			f := ircbus.Fields{{Key: "page", Value: "P"}}
			batch = append(batch, ircbus.Event{Channel: "#moin", Publisher: "moin", Fields: f})
		}
		w.publish(t.Context(), batch...)
	}
	open()
	r.wait(t, events)
	ordered := slices.IsSortedFunc(r.events, func(a, b ircbus.Event) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	if !ordered || len(r.events) != events {
		t.Errorf("%d events came (in order: %v), %d are stored", len(r.events), ordered, events)
	}
}

func TestHandlerErrorEndsFollow(t *testing.T) {
	w := newWorld(t)
	w.publishAll("moin", 0, 10)
	o := w.options()
	o.Cursor = filepath.Join(t.TempDir(), "cursor")
	r, broken := newRecorder(), errors.New("broken")
	r.before = func(*ircbus.Event) error {
		if r.count() == 4 {
			return broken
		}
		return nil
	}
	if err := follow(t, o, r, all...).result(t); !errors.Is(err, broken) {
		t.Fatalf("Follow ended with %v", err)
	}
	r.before = nil
	follow(t, o, r, all...)
	r.wait(t, 10)
	r.check(t, w.stored(everything...))
}

func TestGapAfterRetention(t *testing.T) {
	w := newWorld(t)
	w.publishAll("moin", 0, 20)
	r := newRecorder()
	o := w.options()
	o.Cursor = filepath.Join(t.TempDir(), "cursor")
	f := follow(t, o, r, all...)
	r.wait(t, 20)
	f.end(t)
	cursor := r.events[19].ID
	w.publishAll("moin", 20, 50)
	w.publishAll("other", 0, 10)
	w.stop()
	store, err := sqlite.Open(t.Context(), filepath.Join(w.dir, "events.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	removed, err := store.Retain(t.Context(), []history.Retention{{Channel: "#moin", MaxCount: 5}})
	if err != nil || removed != 45 {
		t.Fatalf("%d removed: %v", removed, err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	w.start()
	follow(t, o, r, all...)
	r.wait(t, 35)
	stored := w.stored(everything...)
	r.events = r.events[20:]
	r.check(t, stored)
	first := stored[0].ID
	if len(r.gaps) != 1 || r.gaps[0].Reason != subscriber.Removed || r.gaps[0].After != cursor || r.gaps[0].Until != first-1 {
		t.Errorf("gaps %+v after %d, before %d", r.gaps, cursor, first)
	}
}

func TestNewEpoch(t *testing.T) {
	w := newWorld(t)
	w.publishAll("moin", 0, 20)
	r := newRecorder()
	follow(t, w.options(), r, all...)
	r.wait(t, 20)
	w.stop()
	w.dir = t.TempDir()
	w.addAccounts()
	w.start()
	w.publishAll("moin", 0, 5)
	r.wait(t, 25)
	r.events = r.events[20:]
	r.check(t, w.stored(everything...))
	if len(r.gaps) != 1 || r.gaps[0].Reason != subscriber.NewEpoch {
		t.Errorf("gaps %+v", r.gaps)
	}
}

// TestChangedViews tells that older events of an added view do not follow.
func TestChangedViews(t *testing.T) {
	w := newWorld(t)
	w.publishAll("other", 0, 5)
	w.publishAll("moin", 0, 5)
	r := newRecorder()
	o := w.options()
	o.Cursor = filepath.Join(t.TempDir(), "cursor")
	f := follow(t, o, r, "#moin")
	r.wait(t, 5)
	f.end(t)
	follow(t, o, r, "#moin", "#other")
	w.publishAll("other", 5, 10)
	r.wait(t, 10)
	if len(r.gaps) != 1 || r.gaps[0].Reason != subscriber.NewViews || r.gaps[0].Until != r.events[4].ID {
		t.Errorf("gaps %+v", r.gaps)
	}
}

func TestLogin(t *testing.T) {
	w := newWorld(t)
	w.publishAll("moin", 0, 5)
	o := w.options()
	o.Account, o.Secret = "reader", "open sesame"
	r := newRecorder()
	follow(t, o, r, "#moin")
	w.publishAll("moin", 5, 10)
	r.wait(t, 10)
	o.Secret = "open barley"
	err := follow(t, o, r, "#moin").result(t)
	if err == nil || strings.Contains(err.Error(), "barley") {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestMistakes(t *testing.T) {
	w := newWorld(t)
	held := w.options()
	held.Cursor = filepath.Join(t.TempDir(), "held")
	w.publishAll("moin", 0, 1)
	r := newRecorder()
	follow(t, held, r, "#moin")
	r.wait(t, 1)
	badFrom, noURL := w.options(), w.options()
	badFrom.From, noURL.HTTP = "yesterday", "127.0.0.1"
	noSecret, plain := w.options(), w.options()
	noSecret.Account = "reader"
	plain.Account, plain.Secret, plain.HTTP = "reader", "x", "http://bus.example"
	for _, c := range []struct {
		name  string
		opts  subscriber.Options
		views []string
		want  string
	}{
		{"no view", w.options(), nil, "at least one view"},
		{"bad view", w.options(), []string{"#a b"}, "character"},
		{"unknown view", w.options(), []string{"#moyn"}, "it has #moin #other"},
		{"cursor in use", held, []string{"#moin"}, "in use by another process"},
		{"bad time", badFrom, []string{"#moin"}, "yesterday"},
		{"no address", noURL, []string{"#moin"}, "must be like http://"},
		{"no secret", noSecret, []string{"#moin"}, "needs its password"},
		{"plain text", plain, []string{"#moin"}, "plain text"},
	} {
		err := follow(t, c.opts, newRecorder(), c.views...).result(t)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
