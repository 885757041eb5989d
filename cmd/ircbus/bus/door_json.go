package bus

import (
	"context"
	"fmt"
	"regexp"

	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/jsonhook"
)

// JSON configures a door for the JSON of some program, as jsonhook.Spec says.
type JSON struct {
	Each   string            `toml:"each"`
	Fields map[string]string `toml:"fields"`
	Only   bool              `toml:"only"`
}

func (j JSON) spec() jsonhook.Spec { return jsonhook.Spec(j) }

// jsonSection is one of them.
type jsonSection struct {
	JSON
	name string
}

// jsonName is what such a door may be called: it is a part of its address.
var jsonName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

func (s jsonSection) check(found *checker) {
	if !jsonName.MatchString(s.name) {
		found.add(fmt.Errorf("the door's name %.40q must be 1 to 32 letters A–Z, digits, _ and -", s.name), "json", s.name)
	}
	_, err := jsonhook.New(s.spec())
	found.add(err, "json", s.name)
}

func (s jsonSection) open(_ context.Context, in *door.Inlet) (*opened, error) {
	mapping, err := jsonhook.New(s.spec())
	if err != nil {
		return nil, err
	}
	return openedWeb(webhook("/doors/json/"+s.name, mapping.Door(in).Serve)), nil
}
