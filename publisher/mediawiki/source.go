package mediawiki

import (
	"context"
	"fmt"
	"net"
	"net/netip"

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

// Source receives the packets of MediaWiki's feeds.
type Source struct {
	intake
	packets *door.Packets
}

var _ publisher.Source = (*Source)(nil)

// Listen binds the address. What arrives before Run waits in the kernel.
func Listen(in *door.Inlet, cfg Config) (*Source, error) {
	taking, err := newIntake(in, cfg.Names, cfg.Wiki)
	if err != nil {
		return nil, err
	}
	packets, err := door.ListenPackets(in, cfg.Listen, cfg.Allow, cfg.QueueBytes)
	if err != nil {
		return nil, fmt.Errorf("cannot receive MediaWiki's packets: %w", err)
	}
	return &Source{taking, packets}, nil
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
		if input, ok := s.take(ctx, packet.From.Addr().String(), packet.Data); ok {
			inputs = append(inputs, input)
		}
	}
	s.in.Keep(ctx, inputs...)
}
