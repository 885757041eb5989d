package ircbus_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

// TestCaseE6: fields are made without naming what a field consists of.
func TestCaseE6(t *testing.T) {
	got := ircbus.NewFields("page", "FrontPage", "tag", "a", "tag", "")
	want := ircbus.Fields{{Key: "page", Value: "FrontPage"}, {Key: "tag", Value: "a"}, {Key: "tag"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	defer func() {
		if recover() == nil {
			t.Error("a key without a value was taken")
		}
	}()
	ircbus.NewFields(strings.Fields("page")...)
}
