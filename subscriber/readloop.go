package subscriber

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ergochat/irc-go/ircmsg"

	"github.com/ircbus/ircbus"
)

// readLoop takes what the bus says until the connection ends.
func (l *live) readLoop() {
	for {
		m, err := l.read()
		if err != nil {
			l.fail(fmt.Errorf("the connection to the bus broke: %w", err))
			return
		}
		if err := l.handle(&m); err != nil {
			l.fail(err)
			return
		}
	}
}

func (l *live) fail(err error) {
	l.net.Close()
	l.mu.Lock()
	l.err = err
	l.mu.Unlock()
	l.notify()
}

// refusedJoin are the numerics that say that a channel could not be joined.
var refusedJoin = []string{"403", "405", "407", "437", "471", "473", "474", "475", "476", "477", "479", "489"}

// handle takes one line. An error ends the connection.
func (l *live) handle(m *ircmsg.Message) error {
	switch m.Command {
	case "PRIVMSG":
		l.message(m)
	case "PING":
		l.send("PONG :" + last(m.Params))
	case "PONG":
		l.ponged(last(m.Params))
	case "366": // RPL_ENDOFNAMES
		if len(m.Params) > 1 {
			l.joined(m.Params[1])
		}
	case "ERROR":
		return errors.New("the bus closed the connection: " + last(m.Params))
	case "NICK":
		if m.Nick() == l.nick {
			l.nick = last(m.Params)
		}
	case "PART":
		if m.Nick() == l.nick {
			return fmt.Errorf("the bus took us out of %s", strings.Join(m.Params, " "))
		}
	case "KICK":
		if len(m.Params) > 1 && m.Params[1] == l.nick {
			return fmt.Errorf("we were thrown out of %s: %s", m.Params[0], last(m.Params))
		}
	case "FAIL":
		if len(m.Params) > 0 && m.Params[0] == "JOIN" {
			return fmt.Errorf("the bus refused JOIN: %s", last(m.Params))
		}
	}
	if slices.Contains(refusedJoin, m.Command) && len(m.Params) > 1 {
		return fmt.Errorf("the bus refused JOIN %s: %s", m.Params[1], last(m.Params))
	}
	return nil
}

func (l *live) joined(name string) {
	v := l.views[ircbus.Fold(name)]
	if v == nil || v.joined {
		return
	}
	v.joined = true
	l.mu.Lock()
	l.toGo--
	l.mu.Unlock()
	l.notify()
}

// message takes a line of a view. A line that makes no sense may stand for an
// event that must not be missed: HTTP will tell.
func (l *live) message(m *ircmsg.Message) {
	if len(m.Params) < 2 {
		return
	}
	v := l.views[ircbus.Fold(m.Params[0])]
	if v == nil {
		return // not ours
	}
	e, done, err := v.event(m)
	if err != nil {
		l.drop()
		return
	}
	if done {
		l.enqueue(e)
	}
}

// event puts the lines of an event together; done is true at the last.
func (v *liveView) event(m *ircmsg.Message) (e ircbus.Event, done bool, err error) {
	packed, err := ircbus.ParsePacked(m.Params[1])
	if err != nil {
		return e, false, err
	}
	if packed.ID == 0 {
		return e, false, errors.New("the line has no id")
	}
	at, err := acceptedAt(m)
	if err != nil {
		return e, false, err
	}
	fields, done, err := v.joiner.Add(packed)
	if err != nil || !done {
		return e, false, err
	}
	publisher := m.Nick()
	if has, account := m.GetTag("account"); has && account != "*" {
		publisher = account
	}
	return ircbus.Event{
		ID: packed.ID, At: at,
		Channel: v.channel, Publisher: publisher, Fields: fields,
	}, true, nil
}

// acceptedAt is when the bus accepted a line's event. server-time has milliseconds
// only, so the bus gives the microseconds in a tag of its own.
func acceptedAt(m *ircmsg.Message) (time.Time, error) {
	for _, tag := range []string{ircbus.TagAt, ircbus.OldTag(ircbus.TagAt), "time"} {
		if has, written := m.GetTag(tag); has {
			at, err := time.Parse(time.RFC3339Nano, written)
			return at.UTC(), err
		}
	}
	return time.Time{}, errors.New("the line has no time")
}

// enqueue keeps an event, or drops everything when there is too much of it.
func (l *live) enqueue(e ircbus.Event) {
	l.mu.Lock()
	if !l.lost {
		l.queue = append(l.queue, e)
		l.bytes += eventSize(&e)
	}
	full := len(l.queue) > maxQueue || l.bytes > maxQueueBytes
	l.mu.Unlock()
	if full {
		l.drop()
	}
	l.notify()
}

// drop forgets what is queued and makes take say so.
func (l *live) drop() {
	l.mu.Lock()
	l.queue, l.bytes, l.lost = nil, 0, true
	l.mu.Unlock()
	l.notify()
}

// barrier sends a PING and waits for its PONG (docs/protocol.md, "Publishing
// over IRC").
func (l *live) barrier(ctx context.Context) error {
	l.mu.Lock()
	l.pings++
	mine := l.pings
	l.mu.Unlock()
	l.send("PING :barrier-" + strconv.Itoa(mine))
	for {
		l.mu.Lock()
		passed, err := l.pongs >= mine, l.failure()
		l.mu.Unlock()
		if passed || err != nil {
			return err
		}
		if err := l.wait(ctx); err != nil {
			return err
		}
	}
}

func (l *live) ponged(token string) {
	number, ok := strings.CutPrefix(token, "barrier-")
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		return
	}
	l.mu.Lock()
	if n <= l.pings {
		l.pongs = max(l.pongs, n)
	}
	l.mu.Unlock()
	l.notify()
}
