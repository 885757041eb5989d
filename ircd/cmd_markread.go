package ircd

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// ReadMarkers keep up to which time accounts have read channels and
// conversations. Accounts and targets are folded. The methods must be quick.
type ReadMarkers interface {
	// ReadMarker returns a marker; the zero time if it is not known.
	ReadMarker(account, target string) time.Time
	// SetReadMarker sets one. It may forget others of the account, if there are
	// too many.
	SetReadMarker(account, target string, at time.Time)
	// ReadMarkers returns all of the account, by target.
	ReadMarkers(account string) map[string]time.Time
}

// maxMarkers is how many read markers somebody without an account has.
const maxMarkers = 200

func errMarkread(code, reason string, context ...string) error {
	return &failure{command: "MARKREAD", code: code, reason: reason, more: context}
}

// cmdMarkread tells or sets up to where somebody has read a channel or
// conversation, for all connections of the account
// (ircv3.net/specs/extensions/read-marker).
func (c *client) cmdMarkread(msg *ircmsg.Message) error {
	if len(msg.Params) == 0 || msg.Params[0] == "" {
		return errMarkread("NEED_MORE_PARAMS", "A channel or nick is missing")
	}
	target := msg.Params[0]
	if clip(target) != target {
		return errMarkread("INVALID_PARAMS", "This is no channel or nick", target)
	}
	if len(msg.Params) > 1 {
		value, ok := strings.CutPrefix(msg.Params[1], "timestamp=")
		at, err := time.Parse(timeTag, value)
		if !ok || err != nil {
			return errMarkread("INVALID_PARAMS", "The time must be of the form timestamp=2026-11-20T10:00:00.000Z", target, msg.Params[1])
		}
		c.markRead(target, at)
	}
	c.respond(c.markerMessage(target))
	return nil
}

// markRead moves a marker on, never back and not into the future, and tells the
// account's other connections.
func (c *client) markRead(target string, at time.Time) {
	now := time.Now()
	for _, other := range []time.Time{c.srv.lastKept, c.srv.lastEvent} { // ahead, if the clock was set back
		if other.After(now) {
			now = other
		}
	}
	if at.After(now) {
		at = now.Truncate(time.Millisecond)
	}
	if !at.After(c.marker(target)) {
		return
	}
	markers, key := c.srv.cfg.ReadMarkers, ircbus.Fold(target)
	if c.account == "" || markers == nil {
		c.person.read = setMarker(c.person.read, key, at)
	} else {
		markers.SetReadMarker(ircbus.Fold(c.account), key, at)
	}
	for other := range c.srv.clients {
		mine := other.person == c.person || c.account != "" && foldNick(other.account) == foldNick(c.account)
		if other != c && mine && other.registered && other.caps.has(capReadMarker) {
			other.send(c.markerMessage(target))
		}
	}
}

// setMarker sets a marker and forgets the oldest of too many.
func setMarker(markers map[string]time.Time, target string, at time.Time) map[string]time.Time {
	if markers == nil {
		markers = make(map[string]time.Time)
	}
	markers[target] = at
	if len(markers) > maxMarkers {
		oldest := target
		for other, at := range markers {
			if at.Before(markers[oldest]) {
				oldest = other
			}
		}
		delete(markers, oldest)
	}
	return markers
}

// marker is up to when the person has read; the zero time if that is not known.
func (c *client) marker(target string) time.Time {
	if markers := c.srv.cfg.ReadMarkers; c.account != "" && markers != nil {
		return markers.ReadMarker(ircbus.Fold(c.account), ircbus.Fold(target))
	}
	return c.person.read[ircbus.Fold(target)]
}

func (c *client) markerMessage(target string) message {
	value := "*"
	if at := c.marker(target); !at.IsZero() {
		value = "timestamp=" + at.UTC().Format(timeTag)
	}
	return message{source: c.srv.cfg.Name, command: "MARKREAD", params: []string{target, value}, at: time.Now()}
}

// replyMarker tells the marker of a channel that the client has entered.
func (c *client) replyMarker(channel string) {
	if c.caps.has(capReadMarker) {
		c.respond(c.markerMessage(channel))
	}
}

// replyMarkers tells a client that has just logged in what its account has read
// elsewhere, so that it need not ask for each conversation.
func (c *client) replyMarkers() {
	markers := c.srv.cfg.ReadMarkers
	if c.account == "" || markers == nil || !c.caps.has(capReadMarker) {
		return
	}
	for _, target := range slices.Sorted(maps.Keys(markers.ReadMarkers(ircbus.Fold(c.account)))) {
		if c.channels.get(foldChan(target)) == nil { // those it enters now
			c.respond(c.markerMessage(target))
		}
	}
}
