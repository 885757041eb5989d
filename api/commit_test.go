package api

import (
	"context"
	"errors"
	"testing"

	"github.com/ircbus/ircbus/history"
)

// unreadable is an index of which nothing can be read, as when no file can be
// opened any more.
type unreadable struct{ history.Index }

func (unreadable) Bounds(context.Context, ...string) (history.Bounds, error) {
	return history.Bounds{}, errors.New("too many open files")
}

// TestCaseB2: what is on disk is acknowledged, also while nothing can be read.
func TestCaseB2(t *testing.T) {
	b := startBus(t, func(c *Config) { c.Index = unreadable{c.Index} })
	headers := []string{"Content-Type", "application/x-www-form-urlencoded", "Authorization", goodToken}
	a := b.do("POST", "/events", []byte("page=A"), headers...)
	var stored posted
	decode(t, a, &stored)
	if a.status != 201 || stored.Epoch != b.store.Epoch() || len(stored.Events) != 1 || stored.Events[0].ID != 1 {
		t.Errorf("POST: %d %s", a.status, a.body)
	}
	var told redacted
	a = b.redact("/events/1")
	decode(t, a, &told)
	if a.status != 200 || told.Epoch != b.store.Epoch() || told.Tombstone.ID != 2 {
		t.Errorf("DELETE: %d %s", a.status, a.body)
	}
	if a := b.get("/changes"); a.status < 500 {
		t.Errorf("the index can be read: %d", a.status)
	}
}
