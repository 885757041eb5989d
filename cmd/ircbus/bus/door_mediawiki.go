package bus

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/mediawiki"
)

// MediaWiki configures the door for MediaWiki's own $wgRCFeeds over UDP.
type MediaWiki struct {
	Listen Addresses `toml:"listen"` // UDP host:port, "" = closed
	Allow  []string  `toml:"allow"`  // senders' networks, empty = loopback
	Names  []string  `toml:"names"`  // glob patterns of wiki names that may become publishers
	Wiki   string    `toml:"wiki"`   // from which IRC lines without a prefix come
}

func (m *MediaWiki) check(found *checker) {
	found.add(m.Listen.check(), "mediawiki", "listen")
	_, err := prefixes(m.Allow)
	found.add(err, "mediawiki", "allow")
	for _, pattern := range m.Names {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			found.add(fmt.Errorf("%q is not a pattern like *wiki", pattern), "mediawiki", "names")
		}
	}
	if m.Listen != "" && len(m.Names) == 0 {
		found.add(errors.New("the door would let no wiki in: name at least one, as in [\"enwiki\", \"*wiktionary\"]"), "mediawiki", "names")
	}
}

func (m *MediaWiki) open(_ context.Context, in *door.Inlet) (*opened, error) {
	if m.Listen == "" {
		return nil, nil
	}
	allow, err := senders(m.Allow)
	if err != nil {
		return nil, err
	}
	source, err := mediawiki.Listen(in, mediawiki.Config{Listen: string(m.Listen), Allow: allow, Names: m.Names, Wiki: m.Wiki})
	if err != nil {
		return nil, listenError(err, "UDP "+string(m.Listen), "", "mediawiki.listen")
	}
	return &opened{source: source, listens: []string{"udp " + source.Addr().String()}}, nil
}

// mayBring reports whether the door may make a publisher of the name.
func (m *MediaWiki) mayBring(name string) bool {
	return m.Listen != "" && slices.ContainsFunc(m.Names, func(pattern string) bool {
		ok, _ := path.Match(pattern, name) // check has refused bad patterns
		return ok
	})
}
