package mediawiki

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher"
	"github.com/ircbus/ircbus/publisher/door"
)

// Config says where a Source listens and what it takes.
type Config struct {
	Listen string         // UDP host:port; port 0 takes a free one
	Allow  []netip.Prefix // senders' addresses; nil allows loopback alone
	Names  []string       // patterns (path.Match) of the wiki values that may become publishers
	Wiki   string         // the wiki that IRC lines without any prefix are from; "" refuses them

	QueueBytes int // packets that may wait for the store, in bytes; 0 means door.DefaultQueueBytes
}

// Source receives the packets of MediaWiki's feeds. A wiki's first change asks
// the inlet for its account and feed, and so does the first that tells where the
// wiki is.
type Source struct {
	cfg     Config
	in      *door.Inlet
	packets *door.Packets
	wikis   wikis // owned by Run
}

var _ publisher.Source = (*Source)(nil)

// Listen binds the address. What arrives before Run waits in the kernel.
func Listen(in *door.Inlet, cfg Config) (*Source, error) {
	if in.Append == nil || in.Ensure == nil {
		return nil, errors.New("mediawiki: the inlet needs Append and Ensure")
	}
	for _, pattern := range cfg.Names {
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, fmt.Errorf("the pattern %q of wiki names is malformed", pattern)
		}
	}
	packets, err := door.ListenPackets(in, cfg.Listen, cfg.Allow, cfg.QueueBytes)
	if err != nil {
		return nil, fmt.Errorf("cannot receive MediaWiki's packets: %w", err)
	}
	s := &Source{cfg: cfg, in: in, packets: packets}
	s.wikis = wikis{byName: make(map[string]*target), byAccount: make(map[string]string)}
	return s, nil
}

// Addr returns the address that the source listens on.
func (s *Source) Addr() net.Addr { return s.packets.Addr() }

// Close closes a source that does not Run.
func (s *Source) Close() error { return s.packets.Close() }

// Run receives until ctx ends, then stores what has arrived and returns nil. It
// is called once.
func (s *Source) Run(ctx context.Context) error { return s.packets.Run(ctx, s.store) }

// store makes events of packets and appends them.
func (s *Source) store(ctx context.Context, batch []door.Packet) {
	inputs := make([]door.Input, 0, len(batch))
	for _, packet := range batch {
		sender := packet.From.Addr().String()
		change, err := Parse(packet.Data)
		if err != nil {
			s.in.Refuse(door.Malformed, sender, err)
			continue
		}
		if event, ok := s.event(ctx, sender, change); ok {
			inputs = append(inputs, door.Input{Sender: sender, Events: []ircbus.Event{event}})
		}
	}
	s.in.Keep(ctx, inputs...)
}

// event addresses a change; false means that the bus does not take it.
func (s *Source) event(ctx context.Context, sender string, c *Change) (ircbus.Event, bool) {
	if c.Wiki == "" {
		if s.cfg.Wiki == "" {
			s.in.Refuse(door.Malformed, sender, malformed("an IRC line does not say which wiki it is from: give the feed's address a path, as in udp://host:port/#mywiki"))
			return ircbus.Event{}, false
		}
		c.named(s.cfg.Wiki)
	}
	fields, err := ircbus.Accept(c.Fields, s.in.MaxBody)
	if err != nil {
		s.in.Refuse(door.Refused, sender, err)
		return ircbus.Event{}, false
	}
	to, ok := s.target(ctx, sender, c)
	if !ok {
		return ircbus.Event{}, false
	}
	return ircbus.Event{Channel: to.channel, Publisher: to.account, Fields: fields}, true
}
