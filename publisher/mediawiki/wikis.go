package mediawiki

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

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

// wikis are those seen so far.
type wikis struct {
	byName    map[string]*target // by what the wiki calls itself
	byAccount map[string]string  // which wiki has a publisher's name, folded
}

// intake makes events of changes. A wiki's first change asks the inlet for its
// account and feed, and so does the first that tells where the wiki is. Owned by
// Run.
type intake struct {
	in    *door.Inlet
	names []string // patterns (path.Match) of wikis that may become publishers
	wiki  string   // the wiki that IRC lines without any prefix are from; "" refuses them
	wikis wikis
}

func newIntake(in *door.Inlet, names []string, wiki string) (intake, error) {
	if in.Append == nil || in.Ensure == nil {
		return intake{}, errors.New("mediawiki: the inlet needs Append and Ensure")
	}
	for _, pattern := range names {
		if _, err := path.Match(pattern, ""); err != nil {
			return intake{}, fmt.Errorf("the pattern %q of wiki names is malformed", pattern)
		}
	}
	return intake{in, names, wiki, wikis{byName: make(map[string]*target), byAccount: make(map[string]string)}}, nil
}

// take makes an event of a change as it came; false means that the bus does not
// take it, which has been counted.
func (s *intake) take(ctx context.Context, sender string, packet []byte) (door.Input, bool) {
	change, err := Parse(packet)
	if err != nil {
		s.in.Refuse(door.Malformed, sender, err)
		return door.Input{}, false
	}
	event, ok := s.event(ctx, sender, change)
	return door.Input{Sender: sender, Events: []ircbus.Event{event}}, ok
}

// event addresses a change; false means that the bus does not take it.
func (s *intake) event(ctx context.Context, sender string, c *Change) (ircbus.Event, bool) {
	if c.Wiki == "" {
		if s.wiki == "" {
			s.in.Refuse(door.Malformed, sender, malformed("an IRC line does not say which wiki it is from: give the feed's address a path, as in udp://host:port/#mywiki"))
			return ircbus.Event{}, false
		}
		c.named(s.wiki)
	}
	fields, err := ircbus.Accept(c.Fields, s.in.MaxBody)
	if err != nil {
		s.in.Refuse(door.Refused, sender, err)
		return ircbus.Event{}, false
	}
	to, ok := s.target(ctx, sender, c)
	if !ok {
		return ircbus.Event{}, false
	}
	return ircbus.Event{Channel: to.channel, Publisher: to.account, Fields: fields}, true
}

// target returns where the change goes. On a wiki's first sight it asks for its
// account and feed; false means that there are none to be had.
func (s *intake) target(ctx context.Context, sender string, c *Change) (*target, bool) {
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
func (s *intake) deny(wiki string) string {
	name := PublisherName(wiki)
	if other, taken := s.wikis.byAccount[ircbus.Fold(name)]; taken && other != wiki {
		return fmt.Sprintf("the wikis %q and %q would both be the publisher %q", clip(wiki), other, name)
	}
	if len(s.wikis.byName) >= maxWikis {
		return fmt.Sprintf("the wiki %q would be one more than %d", clip(wiki), maxWikis)
	}
	if !s.allows(wiki) {
		return fmt.Sprintf("no configured name allows the wiki %q", clip(wiki))
	}
	return ""
}

// allows reports whether a configured name does.
func (s *intake) allows(wiki string) bool {
	return slices.ContainsFunc(s.names, func(pattern string) bool {
		ok, _ := path.Match(pattern, wiki)
		return ok
	})
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
