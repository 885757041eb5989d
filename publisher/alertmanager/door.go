package alertmanager

import (
	"context"
	"net/http"
	"strconv"
	"sync"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Door is a handler of POST. All alerts of a notification are stored or none is.
// Alertmanager tries again when it is answered with a 5xx, which the API does when the
// log cannot be written.
//
// Alertmanager repeats itself, and several of a cluster say the same, but an alert may
// also fire again under the fingerprint and startsAt that it had before. So the state
// that was stored last for them decides: the same one again is no event, another one
// is. Which was the last is looked up in the log, and so it is known after a restart,
// too.
type Door struct {
	in *door.Inlet
	mu sync.Mutex // held from asking for the last state until the next is stored
}

// New makes the door.
func New(in *door.Inlet) *Door { return &Door{in: in} }

// Serve answers a request. An error is the answer.
func (d *Door) Serve(w http.ResponseWriter, r *http.Request) error {
	p, err := d.in.Open(r)
	if err != nil {
		return err
	}
	body, err := p.Text()
	if err != nil {
		return err
	}
	alerts, err := Parse(body)
	if err != nil {
		return p.Refuse(door.Malformed, err)
	}
	channel, err := d.in.Feed(p.Account, p.Channel())
	if err != nil {
		return p.Refuse(door.Target, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	chains := chains{in: d.in, ctx: r.Context(), account: p.Account, channel: channel, heads: make(map[string]*head)}
	events := make([]ircbus.Fields, len(alerts))
	for i, alert := range alerts {
		key, err := chains.key(alert)
		if err != nil {
			return err
		}
		events[i] = alert.Fields(key, d.in.MaxBody)
	}
	if _, err := p.Store(channel, events...); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// chains are the states of alerts as the log has them, one after the other, and those
// that will be stored.
type chains struct {
	in               *door.Inlet
	ctx              context.Context // of the request
	account, channel string
	heads            map[string]*head // of this notification's alerts
}

// head is the last state of an alert.
type head struct {
	n      int    // of states before it under such keys
	key    string // "" if there is no state yet
	status string // "" if it is not known any more
}

// key is the key of an alert's event: that of the last state if it is the same.
func (c *chains) key(a *Alert) (string, error) {
	id := mapping.Key(a.Fingerprint, a.Starts)
	last := c.heads[id]
	if last == nil {
		var err error
		if last, err = c.last(a); err != nil {
			return "", err
		}
		c.heads[id] = last
	}
	if last.key == "" || last.status != a.Status {
		*last = head{last.n + 1, c.nth(a, last.n+1), a.Status}
	}
	return last.key, nil
}

// nth is the key of an alert's state.
func (c *chains) nth(a *Alert, n int) string {
	return mapping.Key("alert", ircbus.Fold(c.channel), a.Fingerprint, a.Starts, strconv.Itoa(n))
}

// last finds an alert's last state.
func (c *chains) last(a *Alert) (*head, error) {
	event, n, err := c.in.Chain(c.ctx, c.account, func(n int) string { return c.nth(a, n) })
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return c.former(a)
	}
	return &head{n - 1, c.nth(a, n-1), event.Fields.Get("action")}, nil
}

// former finds the last state as it was stored when keys had the status in them.
func (c *chains) former(a *Alert) (*head, error) {
	last, id := &head{n: -1}, ircbus.ID(0) // so that the next is the first under the new keys
	for _, status := range []string{"firing", "resolved"} {
		key := a.formerKey(status)
		event, known, err := c.in.Keyed(c.ctx, c.account, key)
		if err != nil {
			return nil, err
		}
		if known && event.ID >= id && (event.Channel == "" || ircbus.Fold(event.Channel) == ircbus.Fold(c.channel)) {
			last, id = &head{-1, key, status}, event.ID
		}
	}
	return last, nil
}
