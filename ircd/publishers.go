package ircd

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/ircbus/ircbus"
)

// SetPublishers says who may publish where, in place of what was said before.
// New feeds and reserved nicks are there at once; who held such a nick is
// renamed; members of removed feeds are put out.
func (s *Server) SetPublishers(publishers []Publisher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setNicks(publishers)
	s.setFeeds(publishers)
	for c := range s.clients {
		c.kept.Store(nil)
		c.unasked(c.rerender)
	}
}

// setNicks reserves the publishers' nicks.
func (s *Server) setNicks(publishers []Publisher) {
	old := maps.Clone(s.publishers)
	for _, p := range publishers {
		if err := ircbus.CheckName(p.Publisher); err != nil {
			s.log.Error("a publisher's account cannot be a nick", "err", err)
			continue
		}
		key := foldNick(p.Publisher)
		known := s.publishers[key]
		if known == nil {
			known = &publisher{person: &person{since: time.Now()}}
			s.publishers[key] = known
		}
		delete(old, key)
		known.describe(p, s.cfg.Name)
	}
	for key, p := range old {
		s.dismiss(key, p)
	}
	for key, p := range s.publishers {
		s.install(key, p)
	}
}

// describe takes what is known of the publisher.
func (p *publisher) describe(what Publisher, server string) {
	p.Publisher, p.name = what, what.Publisher
	real := what.Wiki.Name
	if real == "" {
		real = p.name
	}
	p.person.nick, p.person.user, p.person.host, p.person.real = p.name, p.name, server, real
	p.person.account, p.person.publisher = p.name, p
	p.source = p.person.source()
}

// dismiss ends a publisher whose account does not exist any more.
func (s *Server) dismiss(key lcNick, p *publisher) {
	delete(s.publishers, key)
	p.person.publisher = nil
	for _, c := range p.person.clients {
		c.conn.finish("ERROR :The account " + p.name + " does not exist any more")
	}
	if len(p.person.clients) == 0 {
		delete(s.nicks, key)
		s.vanished(p.person, nil)
	}
}

// install gives a publisher its nick, which somebody else may have had, and the
// connections that are logged in to its account.
func (s *Server) install(key lcNick, p *publisher) {
	if holder := s.nicks[key]; holder != nil && holder != p.person && foldNick(holder.account) != key {
		for _, c := range holder.clients {
			c.notice("The nick " + p.name + " belongs to a publisher now")
		}
		s.rename(holder, nil, s.freeNick(p.name))
	}
	if s.nicks[key] == nil {
		s.appeared(p.person)
	}
	s.nicks[key] = p.person
	for c := range s.clients {
		if c.registered && c.person != p.person && foldNick(c.account) == key {
			c.unasked(func() { c.become(p.person) })
		}
	}
}

// setFeeds makes the channels that the publishers' feeds name. A channel that
// was there before keeps its members.
func (s *Server) setFeeds(publishers []Publisher) {
	old := s.feeds
	s.feeds = make(map[lcChan]*feedName)
	for _, p := range publishers {
		owner := s.publishers[foldNick(p.Publisher)]
		if owner == nil {
			continue
		}
		for _, want := range p.Feeds {
			f, err := s.addFeed(old, want)
			if err != nil {
				s.log.Error("a publisher's channel cannot be made", "publisher", owner.name, "channel", want.Channel, "err", err)
				continue
			}
			if !slices.Contains(f.publishers, owner) {
				f.publishers = append(f.publishers, owner)
			}
			f.since(p.Created)
		}
	}
	for key, fn := range old {
		if s.feeds[key] != fn {
			s.evict(fn)
		}
	}
	for key := range s.feeds {
		if ch := s.channels[key]; ch != nil {
			s.disband(ch)
		}
	}
}

// since makes the feed's channels as old as its oldest publisher.
func (f *feed) since(created time.Time) {
	for _, fn := range []*feedName{f.packed, f.text} {
		if fn != nil && !created.IsZero() && created.Before(fn.created) {
			fn.created = created
		}
	}
}

// addFeed returns the feed, with its text channel if nobody has given it one
// before.
func (s *Server) addFeed(old map[lcChan]*feedName, want ircbus.Feed) (*feed, error) {
	packed, err := s.addFeedName(old, want.Channel, nil)
	if err != nil {
		return nil, err
	}
	f := packed.feed
	if want.Text != "" && f.text == nil {
		if f.text, err = s.addFeedName(old, want.Text, f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// addFeedName returns the packed channel of a feed, or the text channel of the
// given one.
func (s *Server) addFeedName(old map[lcChan]*feedName, name string, textOf *feed) (*feedName, error) {
	if err := ircbus.CheckChannel(name); err != nil {
		return nil, err
	}
	key, isText := foldChan(name), textOf != nil
	if fn := s.feeds[key]; fn != nil {
		if fn.isText || isText {
			return nil, errors.New("the name stands for another feed already")
		}
		return fn, nil
	}
	fn := old[key]
	if fn == nil || fn.isText != isText {
		fn = &feedName{isText: isText, created: time.Now(), views: make(map[string]*view)}
	}
	fn.name, fn.feed = name, textOf
	if !isText {
		fn.feed = &feed{packed: fn, newest: ircbus.ID(s.head.Load())}
	}
	s.feeds[key] = fn
	return fn, nil
}

// evict puts everybody out of a feed's channel.
func (s *Server) evict(fn *feedName) {
	for c := range s.clients {
		for _, m := range c.views.all() {
			if m.view.of != fn {
				continue
			}
			c.unview(m)
			c.send(message{source: s.cfg.Name, command: "KICK", at: time.Now(),
				params: []string{m.name, c.name(), "This channel does not exist any more"}})
		}
	}
}

// disband puts everybody out of a channel of people, whose name a feed needs.
func (s *Server) disband(ch *channel) {
	for p := range ch.members {
		s.leave(p, ch)
		p.send(nil, message{source: s.cfg.Name, command: "KICK", at: time.Now(),
			params: []string{ch.name, p.nick, "This channel belongs to a publisher now"}})
	}
}
