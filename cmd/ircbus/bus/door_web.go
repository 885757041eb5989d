package bus

import (
	"context"
	"net/http"

	"github.com/ircbus/ircbus/api"
	"github.com/ircbus/ircbus/publisher/alertmanager"
	"github.com/ircbus/ircbus/publisher/cloudevents"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/incoming"
	"github.com/ircbus/ircbus/publisher/ping"
)

// WebDoor configures a door over HTTP of which there is nothing to say but that it
// is open: who publishes through it, and where, each request says.
type WebDoor struct {
	Open bool `toml:"open"`
}

// webSection is such a door.
type webSection struct {
	*WebDoor
	routes func(*door.Inlet) []api.Door
}

func (webSection) check(*checker) {}

func (s webSection) open(_ context.Context, in *door.Inlet) (*opened, error) {
	if !s.Open {
		return nil, nil
	}
	return openedWeb(s.routes(in)), nil
}

// openedWeb is a door that has routes alone.
func openedWeb(routes []api.Door) *opened {
	now := &opened{routes: routes}
	for _, route := range routes {
		now.listens = append(now.listens, "http "+route.Pattern)
	}
	return now
}

// webhook are the routes of a door that takes POST: under its own name, and with
// a token in the address.
func webhook(path string, serve func(http.ResponseWriter, *http.Request) error) []api.Door {
	return []api.Door{
		{Methods: []string{"POST"}, Pattern: path, Serve: serve},
		{Methods: []string{"POST"}, Pattern: path + "/{token}", Serve: serve},
	}
}

func alertmanagerRoutes(in *door.Inlet) []api.Door {
	return webhook("/doors/alertmanager", alertmanager.New(in).Serve)
}

func cloudEventsRoutes(in *door.Inlet) []api.Door {
	routes := webhook("/doors/cloudevents", cloudevents.New(in).Serve)
	for i := range routes {
		routes[i].Methods = append(routes[i].Methods, "OPTIONS")
	}
	return routes
}

// incomingRoutes has Mattermost's own path too: some clients put it behind the
// address that they are given.
func incomingRoutes(in *door.Inlet) []api.Door {
	serve := incoming.New(in).Serve
	routes := append(webhook("/doors/incoming", serve), api.Door{
		Methods: []string{"POST"}, Pattern: "/doors/incoming/hooks/{token}", Serve: serve,
	})
	for i := range routes {
		routes[i].Fail = incoming.Fail
	}
	return routes
}

func pingRoutes(in *door.Inlet) []api.Door {
	routes := webhook("/doors/ping", ping.New(in).Serve)
	for i := range routes {
		routes[i].Fail = ping.Fail
	}
	return routes
}
