// Package poll asks wikis for their recent changes where nothing can be installed
// that would tell the bus: feeds (RSS 0.9x, 1.0 and 2.0 and Atom, with the module
// for wikis that MoinMoin, UseMod and Oddmuse send), MediaWiki's API, and the
// method getRecentChanges of WikiRPC over XML-RPC.
//
// It is polite: one request at a time, never sooner than configured or than the
// wiki wants, conditional where the wiki supports that, with the address of whom to
// complain to. It keeps its place, so that after a restart nothing is lost or there
// twice; see place. What a wiki does not tell any more when it is asked again is
// counted as lost (door.Gap).
package poll

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher"
	"github.com/ircbus/ircbus/publisher/door"
)

// Formats are what a wiki can be asked for.
var Formats = []string{"feed", "mediawiki", "wikirpc", "wikirpc1", "dokuwiki"}

// MinEvery is the shortest time between two polls that a configuration should
// allow, for wikis of one's own.
const MinEvery = time.Second

// Config says which wiki a Source asks.
type Config struct {
	Publisher string // who publishes the changes; it is made if there is none
	Format    string // one of Formats
	URL       string // of the feed, of api.php, or where XML-RPC is spoken
	Every     time.Duration
	UserAgent string // people who run wikis want an address in it

	// Load returns what Save has kept of the place; nil if nothing.
	Load func() ([]byte, error)
	Save func([]byte) error
}

// CheckURL says what is wrong with an address to ask.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%.200q is not an address like https://wiki.example.org/api.php", address)
	}
	if u.User != nil {
		return fmt.Errorf("the address of %s has a password in it, which the log would tell", u.Host)
	}
	return nil
}

// Source asks one wiki. What was there before it asked first is not published.
type Source struct {
	in      *door.Inlet
	cfg     Config
	account string
	client  *client
	format  format

	// Owned by Run.
	place    place
	told     string // the description that the bus has by now
	failures int    // in a row
}

var _ publisher.Source = (*Source)(nil)

// Open finds the place, and makes the publisher. Run asks.
func Open(ctx context.Context, in *door.Inlet, cfg Config) (*Source, error) {
	if !slices.Contains(Formats, cfg.Format) {
		return nil, fmt.Errorf("there is no format %.40q, there are %s", cfg.Format, strings.Join(Formats, ", "))
	}
	if err := CheckURL(cfg.URL); err != nil {
		return nil, err
	}
	account, _, err := in.Ensure(ctx, ircbus.Wiki{Publisher: cfg.Publisher})
	if err != nil {
		return nil, err
	}
	s := &Source{in: in, cfg: cfg, account: account, client: newClient(cfg.UserAgent)}
	s.format = s.newFormat()
	kept, err := cfg.Load()
	if err == nil && kept != nil {
		err = json.Unmarshal(kept, &s.place)
	}
	if err != nil {
		return nil, fmt.Errorf("the place in the changes of %s cannot be read: %w", cfg.URL, err)
	}
	if s.place.URL != cfg.URL || s.place.Format != cfg.Format {
		s.place = place{URL: cfg.URL, Format: cfg.Format}
	}
	return s, nil
}

func (s *Source) newFormat() format {
	switch s.cfg.Format {
	case "mediawiki":
		return &mediaWiki{publisher: s.account, maxBody: s.in.MaxBody}
	case "feed":
		return &feed{wiki: s.account, address: s.cfg.URL, maxBody: s.in.MaxBody}
	}
	w := &wikiRPC{wiki: s.account, maxBody: s.in.MaxBody, quoted: s.cfg.Format == "wikirpc1", doku: s.cfg.Format == "dokuwiki", method: methods[0]}
	if w.doku { // one that runs with PHP 8 answers a method that it has not with an empty list
		w.method = methods[1]
	}
	return w
}
