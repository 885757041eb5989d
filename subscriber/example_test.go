package subscriber_test

import (
	"context"
	"fmt"
	"log"
	"os/signal"
	"syscall"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/subscriber"
)

// pages prints changed pages and, at a gap, says what must be looked at anew.
type pages struct{}

func (pages) Event(_ context.Context, e *ircbus.Event) error {
	_, err := fmt.Println(e.ID, e.Fields.Get("page"), e.Fields.Get("url"))
	return err
}

func (pages) Gap(_ context.Context, g subscriber.Gap) error {
	_, err := fmt.Println("read the whole wiki again:", g)
	return err
}

func ExampleFollow() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := subscriber.Follow(ctx, subscriber.Options{
		HTTP:   "http://127.0.0.1:8667",
		Cursor: "pages.cursor",
		From:   "-1h", // at the first start
	}, []string{"#moinmaster?action=SAVE*"}, pages{})
	if ctx.Err() == nil {
		log.Fatal(err)
	}
}

func ExampleGap_String() {
	fmt.Println(subscriber.Gap{Reason: subscriber.Removed, After: 10, Until: 25})
	// Output: events after 10 and up to 25 have been removed by the bus's retention
}
