package publisher_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher"
)

// A wiki's long-running process publishes each saved page. While the bus is
// away, events wait in the spool.
func Example() {
	ctx := context.Background()
	client, err := publisher.Dial(ctx, publisher.Options{
		Addr:    "bus.example.org:6697",
		TLS:     &tls.Config{},
		Account: "moinmaster",
		Secret:  os.Getenv("IRCBUS_PASSWORD"),
		Spool:   "/var/spool/moinmaster",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	receipt, err := client.Publish(ctx, ircbus.Fields{
		{Key: "wiki", Value: "MoinMaster"},
		{Key: "page", Value: "פתיחה"},
		{Key: "action", Value: "SAVE"},
		{Key: "user", Value: "פלוני אלמוני"},
	})
	refusal := (*ircbus.Refusal)(nil)
	switch {
	case errors.As(err, &refusal):
		fmt.Println("the bus does not want it:", refusal.Reason)
	case err != nil:
		fmt.Println("neither the bus nor the spool could take it:", err)
	case receipt.ID == 0:
		fmt.Println("it waits in the spool")
	default:
		fmt.Println("published as", receipt.ID)
	}
}

// One goroutine publishes many events in order without waiting for each.
func ExampleClient_Submit() {
	ctx := context.Background()
	client, err := publisher.Dial(ctx, publisher.Options{Addr: "127.0.0.1:6667", Account: "moinmaster", Secret: os.Getenv("IRCBUS_PASSWORD")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	var sent []*publisher.Pending
	for i := range 100 {
		p, err := client.Submit(ctx, "#moinmaster", ircbus.Fields{{Key: "page", Value: fmt.Sprint("Page", i)}})
		if err != nil {
			log.Fatal(err)
		}
		sent = append(sent, p)
	}
	for _, p := range sent {
		if _, err := p.Wait(ctx); err != nil {
			log.Print(p.Key(), ": ", err)
		}
	}
}
