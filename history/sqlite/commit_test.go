package sqlite

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// TestCaseB2: while readers hold every connection that reads, events are stored
// and redacted, in the index, too, and acknowledged.
func TestCaseB2(t *testing.T) {
	s := storeOfSegments(t, t.TempDir(), 4, 16)
	fields := func(page string) []ircbus.Event {
		return []ircbus.Event{{Channel: "#a", Publisher: "a", Fields: ircbus.Fields{{Key: "page", Value: page}, {Key: "text", Value: "t"}}}}
	}
	for range 8 {
		if _, err := s.Append(t.Context(), fields("A")); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, s)
	var held []*sql.Conn
	for range s.read.Stats().MaxOpenConnections {
		c, err := s.read.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := s.Append(ctx, fields("B")); err != nil {
		t.Error(err)
	}
	if _, err := s.Redact(ctx, ircbus.Redaction{Target: 1, Names: []string{"text"}, By: "a"}); err != nil {
		t.Error(err)
	}
	if _, err := s.Redact(ctx, ircbus.Redaction{Target: 2, By: "a"}); err != nil {
		t.Error(err)
	}
	if s.Epoch() == "" {
		t.Error("no epoch")
	}
	for _, c := range held {
		c.Close()
	}
	ids, err := found(t, s, "#a?page=A", 0)
	if err != nil || len(ids) != 9 { // seven, and two tombstones
		t.Errorf("found %v, %v", ids, err)
	}
}
