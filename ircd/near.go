package ircd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
)

// nearFeed is the feed whose name was probably meant, "" if none.
func (c *client) nearFeed(name string) string {
	names := make([]string, 0, len(c.srv.feeds))
	for key := range c.srv.feeds {
		names = append(names, string(key[1:]))
	}
	c.charge(lookedAt(len(names)))
	slices.Sort(names)
	if found := ircbus.Near(ircbus.Fold(strings.TrimPrefix(name, "#")), names); found != "" {
		return c.srv.feeds[lcChan("#"+found)].name
	}
	return ""
}

// nearPublisher is the publisher whose nick was probably meant, "" if none.
func (c *client) nearPublisher(nick string) string {
	names := make([]string, 0, len(c.srv.publishers))
	for key := range c.srv.publishers {
		names = append(names, string(key))
	}
	c.charge(lookedAt(len(names)))
	slices.Sort(names)
	if found := ircbus.Near(ircbus.Fold(nick), names); found != "" {
		return c.srv.publishers[lcNick(found)].name
	}
	return ""
}

// reviewNames tells of names in a list of channels that are probably typing errors.
func (c *client) reviewNames(list string) {
	names := strings.SplitN(list, ",", maxTargets+1)
	for _, name := range names[:min(len(names), maxTargets)] {
		if !strings.HasPrefix(name, "#") || strings.ContainsAny(name, "*?") || c.find(name) != nil {
			continue
		}
		if feed := c.nearFeed(name); feed != "" {
			c.tell(c.name(), "There is no channel "+clip(name)+ircbus.DidYouMean(feed))
		}
	}
}

// asksBack refuses to make a channel whose name is near that of a feed, once: a
// client that asks again for it means it.
func (c *client) asksBack(name string) error {
	if c.asked == foldChan(name) {
		return nil
	}
	feed := c.nearFeed(name)
	if feed == "" {
		return nil
	}
	c.asked = foldChan(name)
	return errNoSuchChannel(name, "There is no channel "+name+ircbus.DidYouMean(feed)+" Once more makes an ordinary channel of this name")
}

// maxKeys is how many keys of its events are remembered of a feed.
const maxKeys = 256

// learnKeys remembers which keys the feed's events have.
func (f *feed) learnKeys(events []ircbus.Event) {
	if f.keys == nil {
		f.keys = make(map[string]bool)
	}
	for _, e := range events {
		for _, field := range e.Fields {
			if len(f.keys) < maxKeys {
				f.keys[field.Key] = true
			}
		}
	}
}

// reviewFilter tells a client that has joined a filtered view what is probably not
// meant so.
func (c *client) reviewFilter(v *viewing, view ircbus.View) {
	if view.Filter.HasOddBlanks() {
		c.tell(v.name, "In a filter + is a blank: write %2B for a +")
	}
	fn, s := v.view.of, c.srv
	if s.cfg.Events == nil || !slices.ContainsFunc(view.Filter.Keys(), func(key string) bool { return !fn.feed.keys[key] }) {
		return
	}
	r := &keyReview{srv: s, channel: fn.feed.packed.name, keys: view.Filter.Keys()}
	c.lookups = append(c.lookups, lookup{read: r.read, show: func(err error) error {
		fn.feed.learnKeys(r.seen)
		if err != nil || len(r.seen) == 0 {
			return nil // a channel without events tells nothing
		}
		known := slices.Sorted(maps.Keys(fn.feed.keys))
		for _, key := range r.absent {
			what := "No event here has"
			if r.unfinished {
				what = "None of the newest events here has"
			}
			c.tell(v.name, fmt.Sprintf("%s the field %q%s", what, key, ircbus.DidYouMean(ircbus.Near(key, known))))
		}
		return nil
	}})
}

// tell sends a notice to a channel's window, as a part of the answer.
func (c *client) tell(name, text string) {
	m := message{source: c.srv.cfg.Name, command: "NOTICE", params: []string{name, text}}
	for _, line := range m.inLines() {
		c.respond(line)
	}
}

// keyReview finds out which keys of a filter no event of a feed has.
type keyReview struct {
	srv     *Server
	channel string
	keys    []string

	seen       []ircbus.Event
	absent     []string
	unfinished bool // not everything could be searched
}

// keySample is how many of the newest events are looked at first.
const keySample = 20

func (r *keyReview) read(ctx context.Context) error {
	whole, err := ircbus.ParseView(r.channel)
	if err != nil {
		return err
	}
	if r.seen, err = r.srv.events(ctx, EventQuery{View: whole, Limit: keySample, Desc: true}); err != nil {
		return err
	}
	for _, key := range r.keys {
		if slices.ContainsFunc(r.seen, func(e ircbus.Event) bool { return e.Fields.Has(key) }) {
			continue
		}
		view, err := ircbus.ParseView(r.channel + "?" + key + "=?*")
		if err != nil {
			return err
		}
		found, err := r.srv.events(ctx, EventQuery{View: view, Limit: keySample, Desc: true, Budget: replayBudget})
		if err != nil && !errors.Is(err, ErrUnfinished) {
			return err
		}
		r.unfinished = r.unfinished || err != nil
		r.seen = append(r.seen, found...)
		if !slices.ContainsFunc(found, func(e ircbus.Event) bool { return e.Fields.Has(key) }) { // tombstones are in every view
			r.absent = append(r.absent, key)
		}
	}
	return nil
}
