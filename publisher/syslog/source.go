package syslog

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
)

// Config says where a Source listens, what it takes, and who publishes it.
type Config struct {
	UDP, TCP string         // host:port, "" does not listen; port 0 takes a free one
	Allow    []netip.Prefix // senders' addresses; nil allows loopback alone
	Severity Severity       // the least urgent that is taken
	Account  string         // that publishes
	Channel  string         // one of its channels; "" is its first
}

// Source receives messages. It knows its senders by their addresses alone.
type Source struct {
	cfg     Config
	in      *door.Inlet
	packets *door.Packets // nil without UDP
	conns   *door.Conns   // nil without TCP
}

var _ publisher.Source = (*Source)(nil)

// Listen binds the addresses.
func Listen(in *door.Inlet, cfg Config) (_ *Source, err error) {
	s := &Source{cfg: cfg, in: in}
	if cfg.UDP != "" {
		if s.packets, err = door.ListenPackets(in, cfg.UDP, cfg.Allow, 0); err != nil {
			return nil, fmt.Errorf("cannot receive syslog over UDP: %w", err)
		}
	}
	if cfg.TCP != "" {
		if s.conns, err = door.ListenConns(in, cfg.TCP, cfg.Allow); err != nil {
			return nil, errors.Join(fmt.Errorf("cannot receive syslog over TCP: %w", err), s.Close())
		}
	}
	return s, nil
}

// Addrs are where it listens.
func (s *Source) Addrs() (addrs []net.Addr) {
	if s.packets != nil {
		addrs = append(addrs, s.packets.Addr())
	}
	if s.conns != nil {
		addrs = append(addrs, s.conns.Addr())
	}
	return addrs
}

// Close closes a source that does not Run.
func (s *Source) Close() (err error) {
	if s.packets != nil {
		err = s.packets.Close()
	}
	if s.conns != nil {
		err = errors.Join(err, s.conns.Close())
	}
	return err
}

// Run receives until ctx ends, then stores what has arrived and returns nil. It is
// called once.
func (s *Source) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	var overUDP, overTCP error
	if s.packets != nil {
		running.Go(func() {
			defer cancel() // one without the other is half a door
			overUDP = s.packets.Run(ctx, s.storePackets)
		})
	}
	if s.conns != nil {
		running.Go(func() {
			defer cancel()
			overTCP = s.conns.Run(ctx, s.serve)
		})
	}
	running.Wait()
	return errors.Join(overUDP, overTCP)
}

func (s *Source) storePackets(ctx context.Context, batch []door.Packet) {
	inputs := make([]door.Input, 0, len(batch))
	for _, packet := range batch {
		inputs = s.take(inputs, packet.Data, packet.From.Addr())
	}
	s.in.Keep(ctx, inputs...)
}

// maxInputs is how many messages of a connection are stored at once.
const maxInputs = 512

// serve reads a connection to its end. While the store is busy it does not read,
// and so the sender waits.
func (s *Source) serve(ctx context.Context, conn net.Conn) {
	sender := door.Remote(conn.RemoteAddr())
	f := newFrames(conn)
	for {
		var inputs []door.Input
		message, err := f.next()
		for err == nil || len(message) > 0 {
			door.Heard(ctx)
			s.in.Received(1)
			inputs = s.take(inputs, message, sender)
			if err != nil || len(inputs) >= maxInputs || !f.ready() {
				break
			}
			message, err = f.next()
		}
		s.in.Keep(ctx, inputs...)
		if err != nil {
			return
		}
	}
}

// take adds the event of a message to what will be stored, unless it is refused or
// not urgent enough.
func (s *Source) take(inputs []door.Input, packet []byte, from netip.Addr) []door.Input {
	m, err := Parse(packet, time.Now())
	if err != nil {
		s.in.Refuse(door.Malformed, from.String(), err)
		return inputs
	}
	if m.Severity > s.cfg.Severity {
		return inputs
	}
	event, err := s.in.Event(s.cfg.Account, s.cfg.Channel, m.Fields(from, s.in.MaxBody))
	if err != nil {
		s.in.Refuse(door.ReasonFor(err), from.String(), err)
		return inputs
	}
	return append(inputs, door.Input{Sender: from.String(), Events: []ircbus.Event{event}})
}
