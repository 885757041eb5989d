package ircd

import (
	"fmt"
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// cmdJoin enters channels and views (modern.ircdocs.horse/#join-message,
// docs/protocol.md, "Channels").
func (c *client) cmdJoin(msg *ircmsg.Message) error {
	switch msg.Params[0] {
	case "":
		return errNeedMoreParams("JOIN")
	case "0":
		for _, v := range c.views.all() {
			c.partView(v)
		}
		for _, m := range c.channels.all() {
			c.part(m.channel, "")
		}
		return nil
	}
	var keys []string
	if len(msg.Params) > 1 {
		keys = strings.Split(msg.Params[1], ",")
	}
	for i, name := range strings.Split(msg.Params[0], ",") {
		key := ""
		if i < len(keys) {
			key = keys[i]
		}
		if name != "" {
			c.answer("JOIN", c.join(name, key))
		}
	}
	c.touch()
	return nil
}

func (c *client) join(name, key string) error {
	folded := foldChan(name)
	if c.views.get(folded) != nil || c.channels.get(folded) != nil {
		return nil
	}
	if limit := c.srv.cfg.Limits.Channels; len(c.views)+len(c.channels) >= limit {
		return numeric("405", clip(name), fmt.Sprintf("You are in %d channels, the limit", limit))
	}
	base, _, filtered := strings.Cut(name, "?")
	if fn := c.srv.feeds[foldChan(base)]; fn != nil {
		return c.joinFeed(fn, name, filtered)
	}
	if filtered {
		return errNoSuchChannel(name, "No publisher has this channel, and only publishers' channels can be filtered"+ircbus.DidYouMean(c.nearFeed(base)))
	}
	return c.joinChannel(name, key)
}

// joinFeed enters a feed, or a filtered view of it under exactly the name that
// the client used.
func (c *client) joinFeed(fn *feedName, name string, filtered bool) error {
	view, err := ircbus.ParseView(name)
	if err != nil {
		return numeric("476", clip(name), err.Error())
	}
	if !filtered {
		name = fn.name
	} else if why := fn.crowded(c, name, view.Filter); why != "" {
		return numeric("405", clip(name), why)
	}
	v := &viewing{name: name, view: fn.view(name, view.Filter, c.conn.from.Counted)}
	c.views.add(foldChan(name), v)
	v.view.enter(c, v)
	c.respond(c.joinMessage(name, c.caps))
	c.replyJoined(v.target())
	if filtered {
		c.reviewFilter(v, view)
	}
	c.replayView(v)
	return nil
}

// joinChannel enters a channel of people, who creates it is its operator.
func (c *client) joinChannel(name, key string) error {
	ch := c.srv.channels[foldChan(name)]
	var r rank
	if ch == nil {
		switch err := ircbus.CheckNewChannel(name); {
		case !strings.HasPrefix(name, "#"):
			return errNoSuchChannel(name, "The name of a channel begins with #")
		case err != nil:
			return numeric("476", clip(name), err.Error())
		}
		if c.srv.cfg.NoUserChannels {
			return errNoSuchChannel(name, "No publisher has this channel, and people cannot make channels here"+ircbus.DidYouMean(c.nearFeed(name)))
		}
		if err := c.asksBack(name); err != nil {
			return err
		}
		ch = newChannel(name)
		c.srv.channels[foldChan(name)] = ch
		r.op = true
	} else if err := ch.admits(c, key); err != nil {
		return err
	}
	c.person.join(ch, r)
	joined := c.joinMessage(ch.name, capExtendedJoin)
	c.srv.keep(ch, &joined)
	c.announceJoin(c, ch)
	c.enter(ch)
	c.replayChannel(ch)
	return nil
}

// enter shows the client that it is in the channel.
func (c *client) enter(ch *channel) {
	c.respond(c.joinMessage(ch.name, c.caps))
	c.replyJoined(ch.target())
}

// replyJoined tells what one is told on entering; the names not to who does
// without (ircv3.net/specs/extensions/no-implicit-names).
func (c *client) replyJoined(t *target) {
	c.replyTopic(t)
	c.replyMarker(t.name)
	if c.caps&(capNoImplicitNames|capDraftNoImplicitNames) == 0 {
		c.replyNames(t)
	}
}

// admits says why somebody may not enter, or nil. An operator's invitation
// opens everything.
func (ch *channel) admits(c *client, key string) error {
	switch p := c.person; {
	case p.opens(c.srv, ch):
		return nil
	case ch.bans(p):
		return numeric("474", ch.name, "You are banned from the channel (+b)")
	case ch.has('i') && !ch.listed('I', p, false):
		return numeric("473", ch.name, "The channel is for those who were invited (+i)")
	case ch.key != "" && key != ch.key:
		return numeric("475", ch.name, "Wrong key (+k)")
	case ch.limit > 0 && len(ch.members) >= ch.limit:
		return numeric("471", ch.name, "The channel is full (+l)")
	}
	return nil
}

// joinMessage is the JOIN as a client with these capabilities sees it
// (ircv3.net/specs/extensions/extended-join).
func (p *person) joinMessage(channel string, caps capSet) message {
	if !caps.has(capExtendedJoin) {
		return p.message("JOIN", channel)
	}
	account := p.account
	if account == "" {
		account = "*"
	}
	return p.message("JOIN", channel, account, p.real)
}
