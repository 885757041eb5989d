package bus

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/poll"
)

// Poll configures a door that asks a wiki for its recent changes.
type Poll struct {
	URL    string `toml:"url"`
	Format string `toml:"format"` // "" = feed
	Every  Age    `toml:"every"`  // 0 = defaultEvery
}

// pollSection is one of them with what the door needs of the others.
type pollSection struct {
	Poll
	name   string // the publisher
	config *Config
}

const (
	defaultEvery = 5 * time.Minute
	maxEvery     = 24 * time.Hour
)

// pollFile, in the data directory, keeps the place in the changes of the wiki that
// the publisher's door polls.
func pollFile(publisher string) string { return "poll-" + ircbus.Fold(publisher) + ".json" }

func (s pollSection) check(found *checker) {
	found.add(ircbus.CheckName(s.name), "poll", s.name)
	for _, other := range sortedKeys(s.config.Poll) {
		if other < s.name && ircbus.Fold(other) == ircbus.Fold(s.name) {
			found.add(fmt.Errorf("%s is the same publisher", other), "poll", s.name)
		}
	}
	found.add(poll.CheckURL(s.URL), "poll", s.name, "url")
	if s.Format != "" && !slices.Contains(poll.Formats, s.Format) {
		found.add(fmt.Errorf("%q must be one of %s", s.Format, strings.Join(poll.Formats, ", ")), "poll", s.name, "format")
	}
	if every := time.Duration(s.Every); every != 0 && (every < poll.MinEvery || every > maxEvery) {
		found.add(fmt.Errorf("%v must be between %v and %v", every, poll.MinEvery, maxEvery), "poll", s.name, "every")
	}
}

func (s pollSection) open(ctx context.Context, in *door.Inlet) (*opened, error) {
	load, save := keptIn(filepath.Join(s.config.Data, pollFile(s.name)))
	every := cmp.Or(time.Duration(s.Every), defaultEvery)
	source, err := poll.Open(ctx, in, poll.Config{
		Publisher: s.name, Format: cmp.Or(s.Format, poll.Formats[0]), URL: s.URL, Every: every, UserAgent: s.config.agent(),
		Load: load, Save: save,
	})
	if err != nil {
		return nil, fmt.Errorf("poll.%s: %w", s.name, err)
	}
	return &opened{source: source, listens: []string{fmt.Sprintf("asks %s every %v", s.URL, every)}}, nil
}
