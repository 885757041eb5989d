package door

import (
	"context"
	"errors"
	"testing"

	"github.com/ircbus/ircbus"
)

// TestCaseB2: nothing is done after events are stored, so that a sender that is told
// of a failure does not repeat them.
func TestCaseB2(t *testing.T) {
	away := ircbus.Refuse(ircbus.StoreUnavailable, "the disk is full")
	crowded := ircbus.Refuse(ircbus.RateLimited, "too many messages are waiting")
	for name, test := range map[string]struct {
		memo   error
		events int
		fails  bool
	}{
		"all is well":                 {nil, 1, false},
		"the memo can be tried again": {away, 0, true},
		"the memo is refused":         {crowded, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			stored := 0
			in := New("test", Bus{
				Append: func(_ context.Context, events []ircbus.Event) ([]ircbus.Receipt, error) {
					stored += len(events)
					return make([]ircbus.Receipt, len(events)), nil
				},
				Notify: func(context.Context, ircbus.Memo) error { return test.memo },
			})
			_, err := in.Store(t.Context(), Input{
				Events: []ircbus.Event{{Channel: "#a", Publisher: "a", Fields: ircbus.Fields{{Key: "page", Value: "A"}}}},
				Memos:  []ircbus.Memo{{To: "ann", Text: "hi"}},
			})
			if stored != test.events || (err != nil) != test.fails || test.fails && !errors.Is(err, test.memo) {
				t.Errorf("stored %d events, error %v", stored, err)
			}
		})
	}
}
