package ircd

import (
	"fmt"
	"time"

	"golang.org/x/time/rate"
)

// channelBurst is how many seconds' worth of messages a channel takes at once.
const channelBurst = 3

// busy says that too much is said in the channel, or nothing: of those without
// rank, so that its operators can still be heard.
func (c *client) busy(ch *channel) error {
	r, limit := ch.members[c.person], c.srv.cfg.Limits.ChannelLines
	if c.exempt.Load() || r != nil && (r.op || r.voice) {
		return nil
	}
	if ch.pace == nil {
		ch.pace = rate.NewLimiter(rate.Limit(limit), max(1, int(channelBurst*limit)))
	}
	if ch.pace.Allow() {
		return nil
	}
	return errCannotSend(ch.name, fmt.Sprintf("More than %v messages a second are said here: try again in a moment", limit))
}

// tooManyNicks says that the nick is changed too often, or nothing: others see
// each change (ERR_NICKTOOFAST of many servers).
func (c *client) tooManyNicks(nick string) error {
	limit := c.srv.cfg.Limits.Nicks
	if c.nicks == nil {
		c.nicks = rate.NewLimiter(rate.Every(time.Minute/time.Duration(limit)), limit)
	}
	if c.exempt.Load() || c.nicks.Allow() {
		return nil
	}
	return numeric("438", nick, fmt.Sprintf("You have changed your nick more than %d times a minute: wait a little", limit))
}

// recipients are those whom a connection has written to lately.
type recipients struct {
	since time.Time
	names map[lcNick]struct{}
}

// tooManyTargets says that somebody writes to one after the other, as spammers
// do, or nothing (ERR_TARGETTOOFAST of many servers).
func (c *client) tooManyTargets(nick string) error {
	limit, now := c.srv.cfg.Limits.Targets, time.Now()
	if c.exempt.Load() {
		return nil
	}
	if c.recipients == nil || now.Sub(c.recipients.since) >= time.Minute {
		c.recipients = &recipients{now, make(map[lcNick]struct{})}
	}
	to := c.recipients
	key := foldNick(nick)
	if _, known := to.names[key]; !known && len(to.names) >= limit {
		return numeric("439", clip(nick), fmt.Sprintf("You have written to %d people within a minute, the limit: wait a little", limit))
	}
	to.names[key] = struct{}{}
	return nil
}
