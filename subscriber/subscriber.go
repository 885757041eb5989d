// Package subscriber is the client library with which a program follows views
// of the bus: every event once, in id order, whatever happens to the connection,
// to the bus or to the program itself.
//
//	err := subscriber.Follow(ctx, subscriber.Options{
//		HTTP:   "https://bus.example.org",
//		Cursor: "/var/lib/indexer/cursor",
//	}, []string{"#moinmaster?action=SAVE*"}, subscriber.Func(
//		func(ctx context.Context, e *ircbus.Event) error {
//			return index.Update(e.Fields.Get("page"))
//		}))
//
// Follow joins the views over IRC, fetches what happened since the cursor over
// HTTP until that meets what comes live, and goes on live. The cursor, "everything
// up to here I have", moves after the handler has returned. While IRC cannot be
// reached but HTTP can, events come over HTTP, only later.
//
// The package also says what an output adapter is: see Handler.
package subscriber

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"

	"github.com/ircbus/ircbus"

	"github.com/ircbus/ircbus/publisher/webclient"
)

// Options say where the bus is, who follows, and from where on.
type Options struct {
	HTTP string // base address of the bus's HTTP API, such as "http://127.0.0.1:8667"
	IRC  string // host:port of its IRC; "" is found through HTTP

	// TLS, if not nil, is used for IRC, and for HTTP if its address begins with
	// https; ServerName is filled in. With nil, IRC uses TLS if the address is
	// found through https and the bus offers it there.
	TLS *tls.Config

	Account string // the account to log in with; "" follows unnamed
	Secret  string // its password or a token
	Nick    string // on IRC; "" is a random one

	// InsecurePlaintext allows the secret to be sent without TLS to a bus on
	// another machine.
	InsecurePlaintext bool

	// Cursor is the file that keeps the position, made if missing, locked while
	// Follow runs; "" for none. It belongs to one set of views.
	Cursor string

	// From says where to begin when there is no cursor yet: a time as in
	// docs/protocol.md, "Getting old events" ("-1h", RFC 3339 …), or a cursor with its
	// epoch, "EPOCH-4800". "" is from now on.
	From string

	Log *slog.Logger // nil for none; the secret is never logged
}

// maxViews bounds the views of one Follow: each is a channel on the connection.
const maxViews = 50

// Follow hands the events of the views to h until ctx ends (its error is ctx's),
// h fails (with h's error), or nothing can be done about something: a view that
// the bus does not have when Follow begins, a refused login, a cursor file that
// cannot be written or is another's. Anything else is tried again, with growing
// pauses, and logged.
//
// Each event is handed over once, also if it is in several of the views, and in
// id order. It is as HTTP gives it: url, diff and history are filled in from the
// publisher's description, and the values of a repeated field stand together. If the
// program is killed between the handler's return and the cursor's move, that one
// event comes again at the next start.
func Follow(ctx context.Context, opts Options, views []string, h Handler) error {
	parsed, err := parseViews(views)
	if err != nil {
		return err
	}
	if err := opts.check(); err != nil {
		return err
	}
	f := &follower{opts: opts, asked: parsed, handler: h, log: opts.Log, bus: newBus(&opts)}
	defer f.bus.http.CloseIdleConnections()
	if opts.Cursor != "" {
		if f.file, err = openCursor(opts.Cursor); err != nil {
			return err
		}
		defer f.file.close()
	}
	return f.run(ctx)
}

func parseViews(names []string) ([]ircbus.View, error) {
	if len(names) == 0 {
		return nil, errors.New("name at least one view to follow, such as #moinmaster")
	}
	if len(names) > maxViews {
		return nil, fmt.Errorf("%d views are too many to follow at once, the limit is %d", len(names), maxViews)
	}
	var views []ircbus.View
	for _, name := range names {
		if !strings.HasPrefix(name, "#") {
			name = "#" + name // as in HTTP's channel=
		}
		v, err := ircbus.ParseView(name)
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}

// check completes the options and says what is wrong with them.
func (o *Options) check() error {
	base, err := url.Parse(o.HTTP)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return fmt.Errorf("the bus's address %q must be like http://127.0.0.1:8667", o.HTTP)
	}
	if o.IRC != "" {
		if _, _, err := net.SplitHostPort(o.IRC); err != nil {
			return fmt.Errorf("the bus's IRC address %q must be host:port", o.IRC)
		}
	}
	if o.Account != "" {
		if err := ircbus.CheckName(o.Account); err != nil {
			return err
		}
		if o.Secret == "" {
			return fmt.Errorf("the account %s needs its password or a token", o.Account)
		}
		if !o.InsecurePlaintext && webclient.CheckSecret(base) != nil {
			return fmt.Errorf("the secret of %s would cross the network in plain text: use an https address", o.Account)
		}
	} else if o.Secret != "" {
		return errors.New("a secret is given without the account it belongs to")
	}
	if strings.ContainsAny(o.Nick, " :,!@\r\n\x00") {
		return fmt.Errorf("the nick %q cannot be one on IRC", o.Nick)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}
