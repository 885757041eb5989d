package bus

import (
	"context"
	"fmt"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/api"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/ntfy"
)

// Ntfy configures the door for what is published to ntfy.
type Ntfy struct {
	Open   bool              `toml:"open"`
	Root   bool              `toml:"root"`   // topics are at /TOPIC, too, for clients that take a host alone
	Topics map[string]string `toml:"topics"` // channel by topic
}

func (n *Ntfy) check(found *checker) {
	for _, topic := range sortedKeys(n.Topics) {
		if err := ircbus.CheckChannel(n.Topics[topic]); err != nil {
			found.add(fmt.Errorf("the channel of a topic: %w", err), "ntfy", "topics", topic)
		}
	}
}

func (n *Ntfy) open(_ context.Context, in *door.Inlet) (*opened, error) {
	if !n.Open {
		return nil, nil
	}
	serve := ntfy.New(in, n.Topics).Serve
	at := []string{"/doors/ntfy"}
	if n.Root {
		at = append(at, "")
	}
	var routes []api.Door
	for _, base := range at {
		routes = append(routes,
			api.Door{Methods: []string{"POST", "PUT"}, Pattern: base + "/", Serve: serve, Fail: ntfy.Fail},
			api.Door{Methods: []string{"POST", "PUT"}, Pattern: base + "/{topic}", Serve: serve, Fail: ntfy.Fail},
			api.Door{Methods: []string{"GET"}, Pattern: base + "/{topic}/{verb:publish|send|trigger}", Serve: serve, Fail: ntfy.Fail},
		)
	}
	routes = append(routes, api.Door{Methods: []string{"POST", "PUT"}, Pattern: "/doors/ntfy", Serve: serve, Fail: ntfy.Fail})
	return openedWeb(routes), nil
}
