package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/mediawiki"
)

// EventStreams configures the door that follows Wikimedia's stream of recent
// changes, or one like it.
type EventStreams struct {
	URL   string   `toml:"url"`   // "" = closed
	Names []string `toml:"names"` // glob patterns of the wikis to follow
}

// mayBring reports whether the door may make a publisher of the name.
func (e *EventStreams) mayBring(name string) bool {
	return e.URL != "" && slices.ContainsFunc(e.Names, func(pattern string) bool {
		ok, _ := path.Match(pattern, name) // check has refused bad patterns
		return ok
	})
}

// eventStreamsDoor is the section with what the door needs of the others.
type eventStreamsDoor struct {
	*EventStreams
	config *Config
}

// StreamFile, in the data directory, keeps the place in the stream that the
// door eventstreams follows.
const StreamFile = "eventstreams.json"

func (e *EventStreams) check(found *checker) {
	if e.URL == "" {
		return
	}
	if u, err := url.Parse(e.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		found.add(fmt.Errorf("%q is not an address like https://stream.wikimedia.org/v2/stream/recentchange", e.URL), "eventstreams", "url")
	}
	for _, pattern := range e.Names {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			found.add(fmt.Errorf("%q is not a pattern like *wiki", pattern), "eventstreams", "names")
		}
	}
	if len(e.Names) == 0 {
		found.add(errors.New("the door would let no wiki in: name at least one, as in [\"enwiki\", \"*wiktionary\"]"), "eventstreams", "names")
	}
}

func (e eventStreamsDoor) open(_ context.Context, in *door.Inlet) (*opened, error) {
	if e.URL == "" {
		return nil, nil
	}
	file := filepath.Join(e.config.Data, StreamFile)
	stream, err := mediawiki.NewStream(in, mediawiki.StreamConfig{
		URL: e.URL, Names: e.Names, UserAgent: e.config.agent(),
		Load: func() (string, error) { return loadPlace(file, e.URL) },
		Save: func(id string) error {
			text, err := json.Marshal(streamPlace{e.URL, id})
			if err != nil {
				return err
			}
			return ircbus.ReplaceFile(file, text)
		},
	})
	if err != nil {
		return nil, err
	}
	return &opened{source: stream, listens: []string{"follows " + redacted(e.URL)}}, nil
}

// agent is how the bus introduces itself to the wikis that it asks: they want to
// know whom to write to.
func (c *Config) agent() string {
	contact := c.URL
	if n := len(c.Admin); n > 0 {
		contact = c.Admin[n-1]
	}
	return strings.TrimSpace("ircbus/" + cmp.Or(c.Version, "dev") + " " + contact)
}

// streamPlace is the content of StreamFile.
type streamPlace struct {
	URL string `json:"url"`
	ID  string `json:"id"`
}

// loadPlace returns the place in a stream; "" if there is none, or in another
// stream.
func loadPlace(file, address string) (string, error) {
	load, _ := keptIn(file)
	text, err := load()
	if err != nil || text == nil {
		return "", err
	}
	var place streamPlace
	if err := json.Unmarshal(text, &place); err != nil {
		return "", fmt.Errorf("the file %s is damaged: %w", file, err)
	}
	if place.URL != address {
		return "", nil
	}
	return place.ID, nil
}

// redacted is an address without the password in it.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "" // check has refused it
	}
	return u.Redacted()
}
