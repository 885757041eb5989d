// Package publisher is the client library with which a wiki, or any program,
// publishes events on the bus over IRC.
//
//	client, err := publisher.Dial(ctx, publisher.Options{
//		Addr:    "bus.example.org:6697",
//		TLS:     &tls.Config{},
//		Account: "moinmaster",
//		Secret:  password,
//		Spool:   "/var/spool/moinmaster",
//	})
//	// …
//	receipt, err := client.Publish(ctx, ircbus.NewFields("page", "FrontPage", "action", "SAVE"))
//
// Publish returns when the bus has the event on disk. Many calls may be under
// way at once: they share one connection and do not wait for one another. A
// lost connection is made again, with growing pauses, and what the bus had not
// acknowledged is sent again; as each event carries a "key" (a random one unless
// the caller has set it), it is one event even if the bus had stored it and only
// the acknowledgement was lost.
//
// With a spool, a directory of the publisher's own, Publish does not need the
// bus: while the bus is away, events are kept on disk and sent in order when it
// returns.
//
// The package also says what an input adapter is: see Source.
package publisher

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/ircbus/ircbus"
)

// Options say which bus to publish on, as whom, and how.
type Options struct {
	Addr    string      // host:port of the bus's IRC
	TLS     *tls.Config // nil for plain text; ServerName is filled in from Addr
	Account string      // the publisher's account
	Secret  string      // its password or a token
	Channel string      // where Publish publishes; "" means "#" + Account

	// InsecurePlaintext allows the secret to be sent without TLS to a bus on
	// another machine.
	InsecurePlaintext bool

	Spool      string // directory for events while the bus is away, made if missing; "" for none
	SpoolLimit int64  // bytes of events that may wait in the spool; 0 means DefaultSpoolLimit

	MaxBody    int           // limit, in bytes, of an event's canonical form, as configured on the bus; 0 means ircbus.MaxBody
	MaxBackoff time.Duration // longest pause between two tries to connect; 0 means 30 s
	Log        *slog.Logger  // nil for none; the secret is never logged
}

// DefaultSpoolLimit is how many bytes of events a spool may hold.
const DefaultSpoolLimit = 256 << 20

// Errors of a Client.
var (
	ErrClosed      = errors.New("the publisher's client is closed")
	ErrSpoolLocked = errors.New("the spool is in use by another process")
	ErrSpoolFull   = errors.New("the spool is full")
)

// LoginError says that the bus has refused the account or its secret.
type LoginError struct {
	Addr    string // the bus that was asked
	Account string
	Reason  string // the bus's words
}

func (e *LoginError) Error() string {
	return fmt.Sprintf("the bus at %s refused the login as %q: %s", e.Addr, e.Account, e.Reason)
}

// check completes the options and says what is wrong with them.
func (o *Options) check() error {
	if err := ircbus.CheckName(o.Account); err != nil {
		return fmt.Errorf("the publisher's account: %w", err)
	}
	if o.Secret == "" {
		return errors.New("publishing needs the account's password or a token")
	}
	host, _, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return fmt.Errorf("the bus's address %q is not host:port: %w", o.Addr, err)
	}
	if o.Channel == "" {
		o.Channel = "#" + o.Account
	}
	if err := ircbus.CheckChannel(o.Channel); err != nil {
		return err
	}
	if o.TLS != nil {
		o.TLS = o.TLS.Clone()
		if o.TLS.ServerName == "" {
			o.TLS.ServerName = host
		}
	}
	if o.SpoolLimit == 0 {
		o.SpoolLimit = DefaultSpoolLimit
	}
	if o.MaxBackoff == 0 {
		o.MaxBackoff = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}
