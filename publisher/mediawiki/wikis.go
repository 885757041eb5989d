package mediawiki

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

// maxWikis bounds how many publishers packets can bring about, whatever the
// patterns allow.
const maxWikis = 2000

// target is where a wiki's events go.
type target struct {
	account, channel string
	located          bool // the bus knows where the wiki is
}

// wikis are those seen so far. Owned by Run.
type wikis struct {
	byName    map[string]*target // by what the wiki calls itself
	byAccount map[string]string  // which wiki has a publisher's name, folded
}

// target returns where the change goes. On a wiki's first sight it asks for its
// account and feed; false means that there are none to be had.
func (s *Source) target(ctx context.Context, sender string, c *Change) (*target, bool) {
	known := s.wikis.byName[c.Wiki]
	if known != nil && (known.located || c.ServerURL == "") {
		return known, true
	}
	if known == nil {
		if why := s.deny(c.Wiki); why != "" {
			s.in.Refuse(door.Target, sender, errors.New(why))
			return nil, false
		}
	}
	t := &target{located: c.ServerURL != ""}
	err := s.in.Retry(ctx, func() (err error) {
		t.account, t.channel, err = s.in.Ensure(ctx, describe(c))
		return err
	})
	switch {
	case err != nil && known != nil: // it works without the address
		known.located = true
		s.in.Log.Warn("the address of a wiki could not be noted", "wiki", c.Wiki, "error", err)
		return known, true
	case err != nil && ctx.Err() != nil:
		s.in.Drop(door.Queue, 1)
		return nil, false
	case err != nil:
		s.in.Refuse(door.Refused, sender, fmt.Errorf("the wiki %q: %w", c.Wiki, err))
		return nil, false
	}
	if known == nil {
		s.in.Log.Info("a wiki's first change", "wiki", c.Wiki, "publisher", t.account, "channel", t.channel)
	}
	s.wikis.byName[c.Wiki] = t
	s.wikis.byAccount[ircbus.Fold(PublisherName(c.Wiki))] = c.Wiki
	return t, true
}

// deny says why a wiki may not become a publisher, or "".
func (s *Source) deny(wiki string) string {
	name := PublisherName(wiki)
	if other, taken := s.wikis.byAccount[ircbus.Fold(name)]; taken && other != wiki {
		return fmt.Sprintf("the wikis %q and %q would both be the publisher %q", clip(wiki), other, name)
	}
	if len(s.wikis.byName) >= maxWikis {
		return fmt.Sprintf("the wiki %q would be one more than %d", clip(wiki), maxWikis)
	}
	for _, pattern := range s.cfg.Names {
		if ok, _ := path.Match(pattern, wiki); ok {
			return ""
		}
	}
	return fmt.Sprintf("no configured name allows the wiki %q", clip(wiki))
}

func clip(s string) string { return s[:min(len(s), 64)] }

// named gives a line that does not say its wiki the configured one.
func (c *Change) named(wiki string) {
	c.Wiki = wiki
	c.Fields = append(ircbus.Fields{{Key: "wiki", Value: wiki}}, c.Fields...)
	for i, field := range c.Fields {
		if field.Key == "key" {
			c.Fields[i].Value = shortKey(wiki + field.Value)
		}
	}
}
