package moin

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/xmlrpc"
)

// Bot takes the place of MoinMoin's Jabber bot: a handler of POST, of which the
// path value "publisher" is who publishes what a wiki tells it.
//
// A wiki tells of a change once for each language of those who are told, within
// moments. The same page and revision may also come again and be meant: a page that is
// made anew under the name of one that was renamed begins with revision 1. So the
// notification that was stored last decides: the same words from the same editor within
// repeats are no event, others are.
type Bot struct {
	in      *door.Inlet
	secrets *door.Secrets
	mu      sync.Mutex // held from asking for the last notification until the next is stored
}

// repeats is how long a wiki may take to tell of a change in all languages.
const repeats = 5 * time.Minute

// NewBot makes it. secrets has the secret that each wiki shares with its bot under
// the publisher's name.
func NewBot(in *door.Inlet, secrets *door.Secrets) *Bot { return &Bot{in: in, secrets: secrets} }

// errSecret is told in every case, so that nobody learns which publishers there
// are.
var errSecret = &door.HTTPError{Status: http.StatusForbidden, Detail: "the secret is not the one that the bus has for this publisher"}

// Serve answers a call with true when its event is on disk. An error is the
// answer, for Fail to write; it has been counted.
func (b *Bot) Serve(w http.ResponseWriter, r *http.Request) error {
	b.in.Received(1)
	name := r.PathValue("publisher")
	method, params, err := b.call(r, name)
	if err != nil {
		return err
	}
	switch method {
	case "send_notification":
		err = b.publish(r, name, params)
	case "addJIDToRoster", "removeJIDFromRoster": // the bus needs no roster
	default:
		err = ircbus.Refuse(ircbus.InvalidEvent, "there is no method %.64q", method)
		b.in.Refuse(door.Malformed, name, err)
	}
	if err != nil {
		return err
	}
	answer(w, xmlrpc.Response(xmlrpc.Bool(true)))
	return nil
}

// call reads a call that has the publisher's secret as its first parameter.
func (b *Bot) call(r *http.Request, name string) (method string, params []xmlrpc.Value, err error) {
	body, err := door.ReadText(r)
	if err == nil {
		if method, params, err = xmlrpc.ParseCall(body); err != nil {
			err = ircbus.Refuse(ircbus.InvalidEvent, "%v", err)
		}
	}
	if err != nil {
		b.in.Refuse(door.Malformed, r.RemoteAddr, err)
		return "", nil, err
	}
	secret := ""
	if len(params) > 0 {
		secret = params[0].Text
	}
	switch ok, err := b.secrets.Check(r.Context(), name, secret, door.CountedOf(r)); {
	case errors.Is(err, door.ErrGuesses):
		b.in.Refuse(door.Rate, r.RemoteAddr, err)
		return "", nil, err
	case err != nil:
		b.in.Trouble("the secrets cannot be read", err)
		return "", nil, &door.HTTPError{Status: http.StatusServiceUnavailable, Detail: "the secrets cannot be read at present"}
	case !ok:
		b.in.Refuse(door.Sender, r.RemoteAddr, errSecret)
		return "", nil, errSecret
	}
	door.Proven(r)
	return method, params, nil
}

// publish stores the event of a notification.
func (b *Bot) publish(r *http.Request, name string, params []xmlrpc.Value) error {
	fields, err := notification(name, params, b.in.MaxBody)
	if err != nil {
		b.in.Refuse(door.Malformed, name, err)
		return err
	}
	account, _, err := b.in.Ensure(r.Context(), ircbus.Wiki{Publisher: name, Engine: Engine})
	if err != nil {
		b.in.Refuse(door.Target, name, err)
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if fields, err = b.keyed(r.Context(), account, fields, params[2].Flat().Fields); err != nil {
		return err
	}
	event, err := b.in.Event(account, r.URL.Query().Get("channel"), fields)
	if err != nil {
		b.in.Refuse(door.ReasonFor(err), name, err)
		return err
	}
	_, err = b.in.Store(r.Context(), door.Input{Sender: name, Events: []ircbus.Event{event}})
	return err
}

// keyed gives an event the key of the notification that it repeats, or one of its own.
func (b *Bot) keyed(ctx context.Context, account string, fields, raw ircbus.Fields) (ircbus.Fields, error) {
	if !fields.Has("key") {
		return fields, nil
	}
	last, n, err := b.in.Chain(ctx, account, func(n int) string { return notificationKey(raw, n) })
	if err != nil {
		return nil, err
	}
	if n > 0 && isRepeat(last, fields, time.Now()) {
		n--
	}
	for i := range fields {
		if fields[i].Key == "key" {
			fields[i].Value = notificationKey(raw, n)
		}
	}
	return fields, nil
}

// isRepeat reports whether a notification says what was said a moment ago.
func isRepeat(last ircbus.Event, fields ircbus.Fields, now time.Time) bool {
	for _, key := range []string{"user", "comment"} {
		if last.Fields.Get(key) != ircbus.ToUTF8(fields.Get(key)) {
			return false
		}
	}
	return now.Sub(last.At) < repeats
}

// Fail writes an error as the bot does: a fault with the number 1, whose status
// over HTTP is 200.
func Fail(w http.ResponseWriter, _ int, detail string) { answer(w, xmlrpc.Fault(1, detail)) }

func answer(w http.ResponseWriter, message []byte) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Write(message) // stored all the same if the caller has gone
}
