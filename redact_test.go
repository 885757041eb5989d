package ircbus

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTombstone(t *testing.T) {
	for want, r := range map[string]Redaction{
		"action=REDACT&user=anna&target=118":                                        {Target: 118, By: "anna"},
		"action=REDACT&user=anna&target=118&reason=a+b":                             {Target: 118, By: "anna", Reason: "a b"},
		"action=REDACT&user=anna&target=118&fields=comment,log.text&reason=%0Aspam": {Target: 118, By: "anna", Names: []string{"comment", "log.text"}, Reason: "\nspam"},
	} {
		event := Event{Fields: r.Tombstone()}
		if got := event.Fields.Encode(); got != want {
			t.Errorf("tombstone %s, want %s", got, want)
		}
		back, ok := event.Redacts()
		if diff := cmp.Diff(r, back); diff != "" || !ok {
			t.Errorf("%s is read as %v (-want +got):\n%s", want, ok, diff)
		}
	}
	for _, other := range []string{"action=SAVE&target=1", "action=REDACT", "action=REDACT&target=0", "action=REDACT&target=x", "action=REDACT&target=99999999999999999999"} {
		fields, err := Parse(other)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := fields.Redacts(); ok {
			t.Errorf("%s counts as a tombstone", other)
		}
	}
}

// Nobody can publish a tombstone: it would tell of what has not happened.
func TestTombstoneIsNotPublished(t *testing.T) {
	var refusal *Refusal
	if _, err := Accept(Redaction{Target: 5, By: "anna"}.Tombstone(), 0); !errors.As(err, &refusal) || refusal.Code != InvalidEvent {
		t.Errorf("Accept of a tombstone: %v", err)
	}
	if _, err := Accept(Fields{{"action", "REDACT"}, {"page", "A"}}, 0); err != nil {
		t.Errorf("an event that is no tombstone: %v", err)
	}
}

// Whoever sees an event through a filter must see its tombstone too.
func TestTombstonePassesFilters(t *testing.T) {
	f, err := ParseFilter("page=Bad*&user=!anna")
	if err != nil {
		t.Fatal(err)
	}
	if !f.Match(Redaction{Target: 5, By: "anna"}.Tombstone()) || f.Match(Fields{{"action", "REDACT"}}) {
		t.Error("a filter must let tombstones pass and nothing else of that kind")
	}
}

func TestWithout(t *testing.T) {
	f := Fields{{"page", "A"}, {"tag", "x"}, {"comment", "c"}, {"tag", "y"}}
	before := f.Encode()
	for _, test := range []struct {
		names []string
		want  string
	}{
		{[]string{"tag"}, "page=A&comment=c"},
		{[]string{"tag", "comment", "none"}, "page=A"},
		{[]string{"Page"}, before},
		{nil, ""},
	} {
		if got := f.Without(test.names...).Encode(); got != test.want {
			t.Errorf("without %v: %s, want %s", test.names, got, test.want)
		}
	}
	if f.Encode() != before {
		t.Error("Without has changed its receiver")
	}
}

func TestRedactionCheck(t *testing.T) {
	good := Redaction{Target: 1, Names: []string{"comment"}, Reason: strings.Repeat("é", MaxReason/2)}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for _, bad := range []Redaction{
		{}, {Target: 1, Reason: strings.Repeat("x", MaxReason+1)}, {Target: 1, Names: []string{"a b"}},
		{Target: 1, Names: []string{""}}, {Target: 1, Names: make([]string, MaxFields+1)},
	} {
		if err := bad.Check(); !errors.As(err, new(*Refusal)) {
			t.Errorf("Check of %+v: %v", bad, err)
		}
	}
}

func FuzzRedacts(f *testing.F) {
	f.Add("action=REDACT&user=anna&target=118&fields=comment,text&reason=spam")
	f.Add("action=REDACT&target=0")
	f.Add("action=REDACT&target=1&fields=,&target=2")
	f.Fuzz(func(t *testing.T, body string) {
		fields, err := Parse(body)
		if err != nil {
			return
		}
		r, ok := fields.Redacts()
		if !ok {
			return
		}
		again, ok := r.Tombstone().Redacts()
		if diff := cmp.Diff(r, again); diff != "" || !ok {
			t.Errorf("%q and its tombstone differ (-want +got):\n%s", body, diff)
		}
	})
}
