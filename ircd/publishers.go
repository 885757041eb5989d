package ircd

import (
	"errors"
	"maps"
	"slices"
	"strconv"
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
		c.rerender()
		c.flush()
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
			known = &publisher{clients: make(map[*client]struct{}), since: time.Now()}
			s.publishers[key] = known
		}
		delete(old, key)
		known.Publisher, known.name = p, p.Publisher
		known.source = sourceOf(known.name, s.cfg.Name)
	}
	for key, p := range old {
		delete(s.publishers, key)
		for c := range p.clients {
			c.conn.finish("ERROR :The account " + p.name + " does not exist any more")
		}
	}
	for c := range s.clients {
		p := s.publishers[foldNick(c.account)]
		if c.account != "" && p != nil && c.publisher != p {
			c.become(p)
		}
	}
	for key, p := range s.publishers {
		if holder := s.nicks[key]; holder != nil {
			holder.notice("The nick " + p.name + " belongs to a publisher now")
			holder.rename(s.freeNick(p.name))
		}
	}
}

// freeNick finds a nick for somebody who loses his.
func (s *Server) freeNick(base string) string {
	base = base[:min(len(base), maxNickLen-6)]
	for i := 1; ; i++ {
		if nick := base + "_" + strconv.Itoa(i); !s.taken(nick, nil) {
			return nick
		}
	}
}

// taken reports whether somebody other than c has the nick.
func (s *Server) taken(nick string, c *client) bool {
	key := foldNick(nick)
	holder := s.nicks[key]
	return s.publishers[key] != nil || holder != nil && holder != c
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
		fn.feed = &feed{packed: fn}
	}
	s.feeds[key] = fn
	return fn, nil
}

// evict puts everybody out of a feed's channel.
func (s *Server) evict(fn *feedName) {
	for c := range s.clients {
		for _, m := range c.joined {
			if m.view == nil || m.view.of != fn {
				continue
			}
			c.leave(m)
			c.send(message{source: s.cfg.Name, command: "KICK", at: time.Now(),
				params: []string{m.name, c.name(), "This channel does not exist any more"}})
		}
	}
}

// disband puts everybody out of a channel of people, whose name a feed needs.
func (s *Server) disband(ch *channel) {
	for c, m := range ch.members {
		c.leave(m)
		c.send(message{source: s.cfg.Name, command: "KICK", at: time.Now(),
			params: []string{m.name, c.name(), "This channel belongs to a publisher now"}})
	}
}
