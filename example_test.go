package ircbus_test

import (
	"fmt"

	"github.com/ircbus/ircbus"
)

// Whoever keeps events applies the tombstones among them.
func ExampleEvent_Redacts() {
	kept := map[ircbus.ID]ircbus.Fields{}
	for _, event := range []ircbus.Event{
		{ID: 118, Fields: ircbus.NewFields("page", "FrontPage", "comment", "call Anna at 555-0100")},
		{ID: 119, Fields: ircbus.NewFields("page", "Spam")},
		{ID: 120, Fields: ircbus.Redaction{Target: 118, Names: []string{"comment"}, By: "mywiki"}.Tombstone()},
		{ID: 121, Fields: ircbus.Redaction{Target: 119, By: "mywiki", Reason: "spam"}.Tombstone()},
	} {
		r, ok := event.Redacts()
		switch {
		case !ok:
			kept[event.ID] = event.Fields
		case len(r.Names) == 0:
			delete(kept, r.Target)
		case kept[r.Target] != nil:
			kept[r.Target] = kept[r.Target].Without(r.Names...)
		}
	}
	fmt.Println(len(kept), kept[118].Encode())
	// Output: 1 page=FrontPage
}
