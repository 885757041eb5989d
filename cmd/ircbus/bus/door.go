package bus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/api"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/ircd/account"
	"github.com/ircbus/ircbus/publisher"
	"github.com/ircbus/ircbus/publisher/door"
)

// doorSection is what the configuration says about one door, in a section of the
// door's name: where it listens, from whom it takes what, and who publishes it.
// Secrets are in files that it names.
type doorSection interface {
	check(found *checker)

	// open makes the door, listening but not running yet; nil if the
	// configuration does not open it. It may be called again after the door has
	// failed.
	open(ctx context.Context, in *door.Inlet) (*opened, error)
}

// doors are all doors that there are.
func (c *Config) doors() []namedDoor {
	doors := []namedDoor{
		{"mediawiki", &c.MediaWiki},
		{"eventstreams", eventStreamsDoor{&c.EventStreams, c}},
		{"moin", moinDoor{&c.Moin, c.Data}},
		{"irker", &c.Irker},
		{"forge", &c.Forge},
		{"mail", &c.Mail},
		{"smtp", smtpDoor{&c.SMTP, &c.Mail, c.Name}},
		{"mqtt", mqttDoor{&c.MQTT, c}},
		{"prism", &c.Prism},
		{"alertmanager", webSection{&c.Alertmanager, alertmanagerRoutes}},
		{"cloudevents", webSection{&c.CloudEvents, cloudEventsRoutes}},
		{"incoming", webSection{&c.Incoming, incomingRoutes}},
		{"ntfy", &c.Ntfy},
		{"ping", webSection{&c.Ping, pingRoutes}},
		{"syslog", &c.Syslog},
		{"psyc", &c.PSYC},
	}
	for _, name := range sortedKeys(c.JSON) {
		doors = append(doors, namedDoor{"json." + name, jsonSection{c.JSON[name], name}})
	}
	for _, name := range sortedKeys(c.Poll) {
		doors = append(doors, namedDoor{"poll." + name, pollSection{c.Poll[name], name, c}})
	}
	return doors
}

type namedDoor struct {
	name    string
	section doorSection
}

// opened is a door that is open.
type opened struct {
	source  publisher.Source // with a method Close for the door that does not run; nil: HTTP alone
	listens []string         // where, as in "udp 127.0.0.1:8669"
	routes  []api.Door
}

// openDoor is an open door of the bus.
type openDoor struct {
	// static
	namedDoor
	in     *door.Inlet
	routes []api.Door

	mu      sync.Mutex
	now     *opened // anew after a failure
	failure error   // why it does not work at present
}

// openDoors opens what the configuration opens.
func (b *Bus) openDoors(ctx context.Context) error {
	for _, d := range b.config.doors() {
		in := door.New(d.name, door.Bus{
			Append: b.appendKnown, Ensure: b.Ensure, AddChannels: b.directory.addChannels, Feed: b.directory.feed, Account: b.webAccount, Keyed: b.keyedEvent,
			Person: b.person, Notify: b.notify, Slowly: b.accounts.Slowly,
			Refused: b.metrics.refused, MaxBody: b.config.MaxEvent, Log: b.log,
		})
		now, err := d.section.open(ctx, in)
		if err != nil {
			return err
		}
		if now != nil {
			b.doors = append(b.doors, &openDoor{namedDoor: d, in: in, routes: now.routes, now: now})
		}
	}
	return nil
}

// doorRoutes are the doors over HTTP.
func (b *Bus) doorRoutes() (routes []api.Door) {
	for _, d := range b.doors {
		routes = append(routes, d.routes...)
	}
	return routes
}

// How long a door that has failed waits until it is opened again.
const (
	firstReopen = time.Second
	lastReopen  = time.Minute
)

// run lets the door work until ctx ends. What fails while it runs is logged, and
// the door opened again: it does not stop the bus.
func (d *openDoor) run(ctx context.Context) {
	for wait := firstReopen; ; wait = min(2*wait, lastReopen) {
		began := time.Now()
		err := d.current().source.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > lastReopen {
			wait = firstReopen
		}
		d.fails(err)
		for d.failing() != nil {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
			d.reopen(ctx)
			wait = min(2*wait, lastReopen)
		}
	}
}

func (d *openDoor) current() *opened {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *openDoor) failing() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failure
}

var errEnded = errors.New("it has ended by itself")

// fails notes that the door does not work.
func (d *openDoor) fails(err error) {
	if err == nil {
		err = errEnded
	}
	d.in.Log.Error("the door does not work; it will be opened again", "err", err)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failure = err
}

func (d *openDoor) reopen(ctx context.Context) {
	now, err := d.section.open(ctx, d.in)
	if err != nil {
		d.fails(err)
		return
	}
	d.in.Log.Info("the door is open again")
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now, d.failure = now, nil
}

// close closes a door that does not run.
func (d *openDoor) close() {
	if c, ok := d.current().source.(io.Closer); ok {
		c.Close() // a socket from which nothing was read
	}
}

// appendKnown is Append for doors that remember their publishers: it refuses
// those whose account has been removed since.
func (b *Bus) appendKnown(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
	for _, e := range batch {
		if !b.directory.knows(e.Publisher) {
			return nil, ircbus.Refuse(ircbus.NotPublisher, "there is no publisher %q any more", e.Publisher)
		}
	}
	return b.Append(ctx, batch)
}

// keyedEvent is a publisher's event with a key, for doors that ask what was said before.
func (b *Bus) keyedEvent(ctx context.Context, publisher, key string) (event ircbus.Event, known bool, err error) {
	id, err := b.store.Keyed(ctx, publisher, key)
	if errors.Is(err, history.ErrNotFound) {
		return event, false, nil
	}
	if err == nil {
		event, err = b.store.Event(ctx, id)
	}
	if errors.Is(err, history.ErrNotFound) { // it is not kept any more
		return ircbus.Event{ID: id}, true, nil
	}
	return event, err == nil, err
}

// senders are the networks whose input a door takes: those of its section, or
// loopback alone.
func senders(allow []string) ([]netip.Prefix, error) {
	if len(allow) == 0 {
		return door.Loopback, nil
	}
	return prefixes(allow)
}

// checkSpeaker checks who publishes what comes through a door, and where.
func checkSpeaker(found *checker, section, publisher string, channels []string, open bool) {
	switch {
	case publisher != "":
		found.add(ircbus.CheckName(publisher), section, "publisher")
	case open:
		found.add(errors.New("somebody must publish what comes through the door: name an account"), section, "publisher")
	}
	for _, channel := range channels {
		found.add(account.CheckChannel(channel), section, "channels")
	}
}

// proofs are what a door's senders are known by: the secrets in its file, and the
// networks from which an address will do. With secrets none does that is not
// listed.
func proofs(section, secretsFile string, allow []string) (*door.Secrets, []netip.Prefix, error) {
	secrets, err := openSecrets(secretsFile, section+".secrets_file")
	if err != nil {
		return nil, nil, err
	}
	if secrets != nil && len(allow) == 0 {
		return secrets, []netip.Prefix{}, nil
	}
	networks, err := senders(allow)
	return secrets, networks, err
}

// openSecrets reads a door's file of secrets; nil without one.
func openSecrets(path, key string) (*door.Secrets, error) {
	if path == "" {
		return nil, nil
	}
	secrets, err := door.OpenSecrets(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return secrets, nil
}
