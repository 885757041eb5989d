package api

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// rangeQuery is what GET /changes asks for (docs/protocol.md, "Getting old
// events").
type rangeQuery struct {
	history.Query
	after  bool   // After was given, so that 0 means "from the first event on"
	until  bool   // Until was given
	epoch  string // of the log that both are of; "" if they do not say so
	wait   time.Duration
	format *format

	// fromNow and toNow stand for the head when the answer is made: the times of
	// the log may be ahead of the clock.
	fromNow, toNow bool
	foreign        bool // After or Until was of another log
}

// parseQuery reads the query string; unlike url.URL.Query it does not pass over
// what is malformed.
func parseQuery(raw string) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badParameter(guessName(raw), "the query string is malformed: %v", err)
	}
	return values, nil
}

// guessName finds the pair that url.ParseQuery stumbled over.
func guessName(raw string) string {
	for pair := range strings.SplitSeq(raw, "&") {
		if _, err := url.ParseQuery(pair); err != nil {
			name, _, _ := strings.Cut(pair, "=")
			return name
		}
	}
	return ""
}

// params reads single parameters and remembers the first thing that is wrong.
type params struct {
	values url.Values
	now    time.Time
	epoch  string // that the ids read so far have named
	err    error
}

func (p *params) fail(name, format string, args ...any) {
	if p.err == nil {
		p.err = badParameter(name, format, args...)
	}
}

// one returns the parameter's value and whether it was given. An empty value is
// an error: it is more often a script's unset variable than a wish.
func (p *params) one(name string) (value string, ok bool) {
	values := p.values[name]
	switch {
	case len(values) == 0:
		return "", false
	case len(values) > 1:
		p.fail(name, "it was given %d times", len(values))
		return "", false
	case values[0] == "":
		p.fail(name, "it is empty; leave it out instead")
		return "", false
	}
	return values[0], true
}

func (p *params) id(name string) (id ircbus.ID, ok bool) {
	value, ok := p.one(name)
	if !ok {
		return 0, false
	}
	cursor, err := ircbus.ParseCursor(value)
	switch {
	case err != nil:
		p.fail(name, "%v", err)
		return 0, false
	case p.epoch != "" && cursor.Foreign(p.epoch):
		p.fail(name, "it is of another log than the cursor before it")
		return 0, false
	case cursor.Epoch != "":
		p.epoch = cursor.Epoch
	}
	return cursor.ID, true
}

// isNow reports whether a time is the present: the end of what there is, which is
// not the same as the clock's time.
func (p *params) isNow(name string) bool {
	values := p.values[name]
	return len(values) == 1 && values[0] == "now"
}

func (p *params) time(name string) time.Time {
	value, ok := p.one(name)
	if !ok {
		return time.Time{}
	}
	t, err := ircbus.ParseTime(value, p.now)
	if err != nil {
		p.fail(name, "%v", err)
	} else if t.Year() < 1 || t.Year() > 9999 {
		p.fail(name, "%q is too far away", clip(value))
	} else if t.IsZero() {
		t = t.Add(time.Microsecond) // or it would seem not to be given; nothing happened in between
	}
	return t
}

// number reads a whole number between low and high.
func (p *params) number(name string, low, high, otherwise int) int {
	value, ok := p.one(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		p.fail(name, "%q is not a whole number from %d to %d", clip(value), low, high)
		return otherwise
	}
	return n
}

// views reads the channel parameters; resolve knows the channels there are.
func (p *params) views(resolve func(ircbus.View) (ircbus.View, error)) []ircbus.View {
	names := p.values["channel"]
	if len(names) > MaxChannels {
		p.fail("channel", "it was given %d times, the limit is %d", len(names), MaxChannels)
	}
	var views []ircbus.View
	for _, name := range names {
		if p.err != nil {
			return nil
		}
		view, err := parseView(name)
		if err != nil {
			p.fail("channel", "%v", err)
		} else if view, err = resolve(view); err != nil {
			p.err = err
		}
		views = append(views, view)
	}
	return views
}

// parseView reads a view's name as people write it in an address: # may be left
// out, and a blank in the filter, which a + has become, is as good as %20.
func parseView(name string) (ircbus.View, error) {
	if name == "" {
		return ircbus.View{}, ircbus.Refuse(ircbus.InvalidEvent, "it is empty; write # as %%23, or leave it out")
	}
	channel, filter, filtered := strings.Cut(name, "?")
	if !strings.HasPrefix(channel, "#") {
		channel = "#" + channel
	}
	if filtered {
		channel += "?" + strings.ReplaceAll(filter, " ", "+")
	}
	return ircbus.ParseView(channel)
}

// parseRange reads the parameters of GET /changes. accept is the Accept header,
// for a request without format=. The error is a *Problem, or resolve's.
func parseRange(values url.Values, accept string, now time.Time, resolve func(ircbus.View) (ircbus.View, error)) (rangeQuery, error) {
	p := params{values: values, now: now}
	var q rangeQuery
	q.format = p.format(accept)
	q.From, q.To = p.time("from"), p.time("to")
	q.After, q.after = p.id("after")
	q.Until, q.until = p.id("until")
	q.epoch = p.epoch
	q.Limit = p.number("limit", 1, q.format.maxLimit, min(DefaultLimit, q.format.maxLimit))
	q.Desc = p.order(q.format.newestFirst)
	q.wait = time.Duration(p.number("wait", 0, MaxWait, 0)) * time.Second
	if !q.From.IsZero() && !q.To.IsZero() && q.From.After(q.To) {
		p.fail("from", "it is later than \"to\"")
	}
	if q.fromNow = p.isNow("from"); q.fromNow {
		q.From = time.Time{}
	}
	if q.toNow = p.isNow("to"); q.toNow {
		q.To = time.Time{}
	}
	if q.until && q.After > q.Until {
		p.fail("after", "it is greater than \"until\"")
	}
	q.Views = p.views(resolve)
	return q, p.err
}

// pin gives the query its place in the log as it is at one moment. Of a cursor of
// another log nobody knows what it means here: it counts as none, with a gap.
func (q *rangeQuery) pin(b history.Bounds) {
	if (ircbus.Cursor{Epoch: q.epoch}).Foreign(b.Epoch) {
		q.foreign = true
		q.After, q.after, q.Until, q.until = 0, false, 0, false
	}
	q.epoch = b.Epoch
	if q.fromNow {
		q.After, q.after = max(q.After, b.Head), true
	}
	if q.toNow && (!q.until || q.Until > b.Head) {
		q.Until, q.until = b.Head, true
	}
}

func (p *params) order(otherwise bool) (desc bool) {
	order, ok := p.one("order")
	if ok && order != "asc" && order != "desc" {
		p.fail("order", "%q is neither asc nor desc", clip(order))
	}
	if !ok {
		return otherwise
	}
	return order == "desc"
}

// next returns the query string that asks for what comes after the event last.
// Times are written out: "-2h" would be another time by then.
func (q *rangeQuery) next(last ircbus.ID) string {
	values := url.Values{"format": {q.format.name}, "limit": {strconv.Itoa(q.Limit)}}
	after, until := q.After, q.Until
	if q.Desc {
		until = last - 1
		values.Set("order", "desc")
	} else {
		after = last
		values.Set("order", "asc")
	}
	if after > 0 || q.after {
		values.Set("after", ircbus.Cursor{Epoch: q.epoch, ID: after}.String())
	}
	if q.until || q.Desc {
		values.Set("until", ircbus.Cursor{Epoch: q.epoch, ID: until}.String())
	}
	if !q.From.IsZero() {
		values.Set("from", ircbus.FormatTime(q.From))
	}
	if !q.To.IsZero() {
		values.Set("to", ircbus.FormatTime(q.To))
	}
	for _, v := range q.Views {
		values.Add("channel", v.String())
	}
	return values.Encode()
}

// channels lists the channels of the views; none means all.
func channels(views []ircbus.View) []string {
	names := make([]string, 0, len(views))
	for _, v := range views {
		names = append(names, v.Channel)
	}
	return names
}
