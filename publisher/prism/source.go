package prism

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Config says where a Source listens, whom it believes, and where messages go
// that do not say it.
type Config struct {
	Account  string // the publisher's
	Netcat   string // TCP host:port; "" = HTTP alone
	Allow    []netip.Prefix
	Secrets  *door.Secrets // of clients; nil: none has one
	Channels []string      // for messages that name none; empty means the account's first
	Users    []string      // likewise
	Storm    int           // messages a minute of one client; 0 does not limit
}

// stormWindow is how long a storm's messages are gathered into one.
const stormWindow = time.Minute

// Source takes messages over a socket and HTTP. Senders in Allow need no secret;
// whoever names a client must prove to be it.
type Source struct {
	cfg   Config
	in    *door.Inlet
	conns *door.Conns // nil without a socket
	storm *door.Storm
}

var _ publisher.Source = (*Source)(nil)

// Open makes the door, and listens if that is configured.
func Open(in *door.Inlet, cfg Config) (s *Source, err error) {
	s = &Source{cfg: cfg, in: in, storm: door.NewStorm(cfg.Storm, stormWindow)}
	if cfg.Netcat != "" {
		allow := cfg.Allow
		if cfg.Secrets != nil { // the secret counts, not the address
			allow = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
		}
		s.conns, err = door.ListenConns(in, cfg.Netcat, allow)
	}
	return s, err
}

// Addr returns the address of the socket, nil if there is none.
func (s *Source) Addr() net.Addr {
	if s.conns == nil {
		return nil
	}
	return s.conns.Addr()
}

// Close closes a source that does not Run.
func (s *Source) Close() error {
	if s.conns == nil {
		return nil
	}
	return s.conns.Close()
}

// Run serves the socket and tells of storms until ctx ends. It is called once.
func (s *Source) Run(ctx context.Context) (err error) {
	storing, cancel := door.Draining(ctx)
	defer cancel()
	running, stop := context.WithCancel(ctx)
	var calming sync.WaitGroup
	calming.Go(func() { s.calm(running, storing) })
	if s.conns != nil {
		err = s.conns.Run(ctx, s.serveConn)
	} else {
		<-ctx.Done()
	}
	stop()
	calming.Wait()
	return err
}

// calm tells of storms that are over.
func (s *Source) calm(ctx, storing context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.tellStorms(storing, s.storm.Over(false))
		case <-ctx.Done():
			s.tellStorms(storing, s.storm.Over(true))
			return
		}
	}
}

// tellStorms publishes how much was held back, in the default channels.
func (s *Source) tellStorms(ctx context.Context, gusts []door.Gust) {
	for _, g := range gusts {
		text := fmt.Sprintf("%d more messages from %s were held back; the last: %s", g.Held, g.Client, g.Last)
		var e mapping.Event
		e.Add("action", "storm")
		e.Add("text", text)
		e.Add("client", g.Client)
		e.Add("count", fmt.Sprint(g.Held))
		input, err := s.address(&Message{Users: []string{}}, e, g.Client)
		if err != nil {
			s.in.Refuse(door.Target, g.Client, err)
			continue
		}
		s.in.Keep(ctx, input)
	}
}

// errSecret does not tell whether the name or the secret is wrong.
var errSecret = errors.New("this client's name or secret is wrong, or has been revoked")

var errStorm = errors.New("this client sends too much: what it sends now is counted, and the last of it shown later")

// identify says who sends a message: a client's name, or the address if it may
// send without. The error has been counted.
func (s *Source) identify(ctx context.Context, m *Message, from ircbus.Origin) (sender string, err error) {
	sender, err = s.prove(ctx, m, from)
	switch {
	case errors.Is(err, door.ErrGuesses):
		s.in.Refuse(door.Rate, sender, err)
	case err != nil:
		s.in.Refuse(door.Sender, sender, err)
	}
	return sender, err
}

// prove is identify without the counting.
func (s *Source) prove(ctx context.Context, m *Message, from ircbus.Origin) (sender string, err error) {
	address := from.Counted.WithZone("").String()
	if m.Name == "" && m.Secret == "" {
		if door.Allowed(s.cfg.Allow, from.Addr.WithZone("")) {
			return address, nil
		}
		return address, errors.New("a name and a secret are needed from this address")
	}
	if s.cfg.Secrets == nil {
		return address, errSecret
	}
	switch ok, err := s.cfg.Secrets.Check(ctx, m.Name, m.Secret, from.Counted); {
	case errors.Is(err, door.ErrGuesses):
		return address, err
	case err != nil:
		s.in.Trouble("clients cannot be checked", err)
		return address, errSecret
	case !ok:
		return address, errSecret
	}
	return m.Name, nil
}

// event is what a message becomes in each channel.
func (m *Message) event() mapping.Event {
	var e mapping.Event
	e.Add("text", m.Text)
	e.Add("client", m.Name)
	e.Add("key", m.Key)
	e.KeepFlat(mapping.Flat{Fields: m.Rest, Omitted: m.Omitted})
	return e
}

// address makes the input of a message that says e. If some of its targets do not
// exist, the error says so, and the input is for the others.
func (s *Source) address(m *Message, e mapping.Event, sender string) (door.Input, error) {
	input := door.Input{Sender: sender}
	channels, users := m.Channels, m.Users
	if channels == nil {
		channels = s.cfg.Channels
		if len(channels) == 0 {
			channels = []string{""}
		}
	}
	if users == nil {
		users = s.cfg.Users
	}
	var errs error
	fields := e.Fit(s.in.MaxBody)
	seen := make(map[string]bool)
	for _, channel := range channels {
		event, err := s.in.Event(s.cfg.Account, channel, fields)
		if err != nil {
			errs = errors.Join(errs, err)
		} else if !seen[event.Channel] {
			seen[event.Channel] = true
			input.Events = append(input.Events, keyed(event, len(channels) > 1))
		}
	}
	for _, user := range users {
		memo, err := s.in.Memo(s.cfg.Account, user, m.Text, m.Key)
		if err != nil {
			errs = errors.Join(errs, err)
		} else if !seen[ircbus.Fold(memo.To)] {
			seen[ircbus.Fold(memo.To)] = true
			input.Memos = append(input.Memos, memo)
		}
	}
	return input, errs
}

// keyed makes an event's key one of its channel, since a publisher's keys are
// the same in all of them.
func keyed(e ircbus.Event, several bool) ircbus.Event {
	if !several {
		return e
	}
	e.Fields = append(ircbus.Fields{}, e.Fields...)
	for i, field := range e.Fields {
		if field.Key == "key" {
			e.Fields[i].Value = mapping.Key(field.Value, ircbus.Fold(e.Channel))
		}
	}
	return e
}
