package ircd

// desk is where a publisher's connection publishes: what it needs for that, as
// it was at one moment. The read loop uses it without Server.mu, so that neither
// taking events nor acknowledging them waits for anybody. Whoever changes any of
// it takes the desk away; the next event then gets a new one. Except for what is
// atomic, a desk never changes.
type desk struct {
	server    string // name
	publisher string
	source    string // nick!user@host
	nick      string
	person    *person
	own       *own
	caps      capSet
	feeds     map[lcChan]string // the packed channels where it may publish, by their names
}

// sitDown returns the connection's present desk, nil if it may not publish. Only
// the read loop may call it.
func (c *client) sitDown() *desk {
	if d := c.kept.Load(); d != nil {
		return d
	}
	c.lock()
	defer c.unlock()
	if !c.registered || c.publisher == nil {
		return nil
	}
	d := &desk{
		server: c.srv.cfg.Name, publisher: c.publisher.name, source: c.publisher.source, nick: c.nick,
		person: c.person, own: c.own, caps: c.caps, feeds: make(map[lcChan]string),
	}
	for _, feed := range c.publisher.Feeds {
		if fn := c.publishesIn(feed.Channel); fn != nil {
			d.feeds[foldChan(feed.Channel)] = fn.name
		}
	}
	c.kept.Store(d)
	c.conn.in.trusted = true
	return d
}

// publishesIn returns the name of the packed channel if one may publish there at
// this desk, or "".
func (d *desk) publishesIn(channel string) string {
	if d == nil {
		return ""
	}
	return d.feeds[foldChan(channel)]
}

// publishesIn returns the packed channel if the client may publish there, or
// nil. Server.mu is held.
func (c *client) publishesIn(channel string) *feedName {
	if fn := c.srv.feeds[foldChan(channel)]; fn != nil && !fn.isText && fn.feed.allows(c.publisher) {
		return fn
	}
	return nil
}
