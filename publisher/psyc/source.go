package psyc

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher"
	"github.com/ircbus/ircbus/publisher/door"
)

// Config says where a Source listens, what it is called, whom it believes, and
// how notices read.
type Config struct {
	Account   string            // the publisher's
	Listen    string            // host:port, for TCP and UDP; port 0 takes a free one of each
	Host      string            // what we are called
	Hosts     []string          // what we are called besides; empty: any host in an address is ours
	Allow     []netip.Prefix    // who is trusted without a check
	Secrets   *door.Secrets     // for checks; nil: none proves anything
	Templates map[string]string // by method, for it and its kinds; else the packet's own
}

// Source takes PSYC packets. psyced's trust levels are two here: who is in Allow
// or proves by a check that he knows a secret may speak (9 to 6 there), others may
// not (5).
type Source struct {
	cfg     Config
	in      *door.Inlet
	packets *door.Packets
	conns   *door.Conns
}

var _ publisher.Source = (*Source)(nil)

// anybody is who may send, if a check counts and not the address.
var anybody = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

// Listen binds the address for TCP and UDP.
func Listen(in *door.Inlet, cfg Config) (*Source, error) {
	for i, host := range cfg.Hosts {
		cfg.Hosts[i] = strings.ToLower(host)
	}
	// Over TCP those who may not speak are told so.
	conns, err := door.ListenConns(in, cfg.Listen, anybody)
	if err != nil {
		return nil, err
	}
	from := cfg.Allow
	if cfg.Secrets != nil {
		from = anybody
	}
	packets, err := door.ListenPackets(in, cfg.Listen, from, 0)
	if err != nil {
		conns.Close()
		return nil, err
	}
	return &Source{cfg: cfg, in: in, packets: packets, conns: conns}, nil
}

// Addrs returns the addresses that the source listens on.
func (s *Source) Addrs() (tcp, udp net.Addr) { return s.conns.Addr(), s.packets.Addr() }

// Close closes a source that does not Run.
func (s *Source) Close() error { return errors.Join(s.conns.Close(), s.packets.Close()) }

// Run receives until ctx ends, then stores what has arrived and returns nil. It
// is called once.
func (s *Source) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var both sync.WaitGroup
	var overTCP, overUDP error
	both.Go(func() {
		defer cancel() // one does not go on without the other
		overTCP = s.conns.Run(ctx, s.serve)
	})
	both.Go(func() {
		defer cancel()
		overUDP = s.packets.Run(ctx, s.handle)
	})
	both.Wait()
	return errors.Join(overTCP, overUDP)
}

// handle stores a batch of datagrams. Nobody is told what is wrong with one.
func (s *Source) handle(ctx context.Context, batch []door.Packet) {
	var inputs []door.Input
	for _, packet := range batch {
		from := packet.From.Addr()
		found, errs := ParseDatagram(packet.Data)
		for _, err := range errs {
			s.in.Refuse(door.Malformed, from.String(), err)
		}
		for _, p := range found {
			if p.isEmpty() {
				continue
			}
			if input, err := s.input(p, from, s.prove(p), false); err == nil {
				inputs = append(inputs, input)
			}
		}
	}
	s.in.Keep(ctx, inputs...)
}

// denied is why a packet is not taken, as its sender is told.
type denied struct {
	reason door.Reason
	method string // "_error_necessary_membership"
	err    error
}

func (d *denied) Error() string { return d.err.Error() }
func (d *denied) Unwrap() error { return d.err }

// input makes the input of a packet. trusted is a circuit that has proven to be
// somebody's. The error is a *denied and has been counted.
func (s *Source) input(p *Packet, from netip.Addr, by proof, trusted bool) (door.Input, error) {
	input, sender, err := s.address(p, from, by, trusted)
	if err != nil {
		s.in.Refuse(err.reason, sender, err)
		return door.Input{}, err
	}
	return input, nil
}

func (s *Source) address(p *Packet, from netip.Addr, by proof, trusted bool) (input door.Input, sender string, _ *denied) {
	sender, client, err := s.identify(from, by, trusted)
	if err != nil {
		return input, sender, &denied{door.Sender, "_error_necessary_membership", err}
	}
	input.Sender = sender
	to, err := parseTarget(p.Get("_target"))
	switch {
	case err != nil:
		return input, sender, &denied{door.Target, "_error_illegal_uniform", err}
	case len(s.cfg.Hosts) > 0 && to.host != strings.ToLower(s.cfg.Host) && !slices.Contains(s.cfg.Hosts, to.host):
		return input, sender, &denied{door.Target, "_failure_unsupported_relay",
			ircbus.Refuse(ircbus.NotPublisher, "Relaying denied: %.100s is not a hostname of ours.", to.host)}
	case !isA(p.Method, "_notice") && !isA(p.Method, "_message"):
		return input, sender, &denied{door.Malformed, "_error_unsupported_method",
			ircbus.Refuse(ircbus.InvalidEvent, "the method %.64q is neither a notice nor a message", p.Method)}
	}
	if p.isMail() {
		p.decodeWords("_origin", "_subject")
	}
	text := p.Render(s.cfg.Templates)
	if to.person != "" {
		memo, err := s.in.Memo(s.cfg.Account, to.person, text, p.key())
		if err != nil {
			return input, sender, &denied{door.Target, "_error_illegal_uniform", err}
		}
		input.Memos = append(input.Memos, memo)
		return input, sender, nil
	}
	channel := ""
	if to.place != "" {
		channel = "#" + to.place
	}
	e := p.event(text, client)
	event, err := s.in.Event(s.cfg.Account, channel, e.Fit(s.in.MaxBody))
	if err != nil {
		return input, sender, &denied{door.Target, "_error_illegal_uniform", err}
	}
	input.Events = append(input.Events, event)
	return input, sender, nil
}

var errTrust = errors.New("only those may speak here whose address is allowed, or who prove with a check that they know a secret")

// proof is whose secret a packet's check proves, or why it proves none; zero for a
// packet without a check.
type proof struct {
	name string
	err  error
}

func (s *Source) prove(p *Packet) (by proof) {
	if p.Check.Name != "" {
		by.name, by.err = p.verify(s.cfg.Secrets, time.Now())
	}
	if old, ok := errors.AsType[*oldCheckError](by.err); ok {
		s.in.Trouble("a client proves its secret by a check that others can extend: let it send _check_SHA256, or give it this line in the file of secrets",
			errors.New(old.line))
	}
	return by
}

// identify says who sends a packet, and which client that is if it has proven
// it.
func (s *Source) identify(from netip.Addr, by proof, trusted bool) (sender, client string, err error) {
	switch {
	case by.err != nil:
		return from.String(), "", by.err
	case by.name != "":
		return by.name, by.name, nil
	case trusted || door.Allowed(s.cfg.Allow, from):
		return from.String(), "", nil
	}
	return from.String(), "", errTrust
}
