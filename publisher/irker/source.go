package irker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path"
	"strings"
	"sync"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher"
	"github.com/ircbus/ircbus/publisher/door"
)

// Config says where a Source listens, what it takes, and where that goes.
type Config struct {
	Listen    string         // host:port, for TCP and UDP; port 0 takes free ones
	Allow     []netip.Prefix // senders' addresses; nil allows loopback alone
	Publisher string         // the account that publishes what comes
	Rules     []Rule         // of channels; the first that matches counts
}

// Rule says where a channel of irker's leads to.
type Rule struct {
	Pattern string // path.Match, of the channel's name without #
	Channel string // a channel of the publisher's
}

// ParseRule reads "PATTERN=#CHANNEL".
func ParseRule(text string) (Rule, error) {
	pattern, channel, found := strings.Cut(text, "=")
	pattern = strings.TrimPrefix(strings.TrimSpace(pattern), "#")
	channel = strings.TrimSpace(channel)
	if _, err := path.Match(pattern, ""); !found || err != nil || pattern == "" {
		return Rule{}, fmt.Errorf("%q is not PATTERN=#CHANNEL, as in \"gpsd*=#commits\"", text)
	}
	if err := ircbus.CheckChannel(channel); err != nil {
		return Rule{}, fmt.Errorf("in %q: %w", text, err)
	}
	return Rule{pattern, channel}, nil
}

// Source receives irker's messages. Neither TCP nor UDP is answered, as irkerd
// does not: over TCP a sender is made to wait while the store is busy.
type Source struct {
	cfg     Config
	in      *door.Inlet
	packets *door.Packets
	conns   *door.Conns
}

var _ publisher.Source = (*Source)(nil)

// Listen binds the address, for TCP and UDP.
func Listen(in *door.Inlet, cfg Config) (*Source, error) {
	conns, err := door.ListenConns(in, cfg.Listen, cfg.Allow)
	if err != nil {
		return nil, err
	}
	packets, err := door.ListenPackets(in, cfg.Listen, cfg.Allow, 0)
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

// handle stores a batch of datagrams.
func (s *Source) handle(ctx context.Context, batch []door.Packet) {
	var inputs []door.Input
	for _, packet := range batch {
		inputs = append(inputs, s.inputs(packet.From.Addr().String(), packet.Data)...)
	}
	s.in.Keep(ctx, inputs...)
}

const (
	// maxLine is the longest line over TCP, in bytes: what UDP can carry.
	maxLine = 64 << 10
	// maxBatch is how many events are stored at once.
	maxBatch = 512
)

// serve stores what comes over a connection, a line at a time; of what has come
// together, all at once.
func (s *Source) serve(ctx context.Context, conn net.Conn) {
	sender := door.Remote(conn.RemoteAddr()).String()
	lines := bufio.NewReaderSize(conn, maxLine)
	var inputs []door.Input
	for {
		if len(inputs) > 0 && (lines.Buffered() == 0 || len(inputs) >= maxBatch) {
			s.in.Keep(ctx, inputs...)
			inputs = nil
		}
		line, err := door.ReadLine(lines, door.LineEnds)
		if errors.Is(err, bufio.ErrBufferFull) {
			s.in.Received(1)
			s.in.Refuse(door.Malformed, sender, ircbus.Refuse(ircbus.EventTooLarge, "a line has more than %d bytes", maxLine))
			break
		}
		if text := strings.Trim(string(line), " \t"+door.LineEnds); text != "" && (err == nil || errors.Is(err, io.EOF)) {
			door.Heard(ctx)
			s.in.Received(1)
			inputs = append(inputs, s.inputs(sender, []byte(text))...)
		}
		if err != nil {
			break
		}
	}
	s.in.Keep(ctx, inputs...)
}

// inputs are the events of one line or datagram; what is not taken has been
// counted.
func (s *Source) inputs(sender string, line []byte) (inputs []door.Input) {
	messages, err := Parse(line)
	if err != nil {
		s.in.Refuse(door.Malformed, sender, err)
	}
	for _, m := range messages {
		if len(m.Lines) == 0 {
			continue
		}
		for _, to := range s.destinations(sender, m.To) {
			for _, text := range m.Lines {
				event, err := s.in.Event(s.cfg.Publisher, to.Name, describe(text, to, m.Rest).Fit(s.in.MaxBody))
				if err != nil {
					s.in.Refuse(door.Refused, sender, err)
					continue
				}
				inputs = append(inputs, door.Input{Sender: sender, Events: []ircbus.Event{event}})
			}
		}
	}
	return inputs
}

// destinations are the targets with their channels on the bus, each channel once.
func (s *Source) destinations(sender string, targets []Target) (all []Target) {
	taken := make(map[string]bool)
	for _, to := range targets {
		channel, err := s.channel(to)
		if err != nil {
			s.in.Refuse(door.Target, sender, err)
			continue
		}
		if to.Name = channel; !taken[channel] {
			taken[channel] = true
			all = append(all, to)
		}
	}
	return all
}

// channel is where a target leads to: by the rules, or to a channel of the
// publisher's of the same name.
func (s *Source) channel(to Target) (string, error) {
	if to.Person {
		return "", ircbus.Refuse(ircbus.NotPublisher, "%.80q is a person, and this door leads to channels", to.Name)
	}
	name := ircbus.Fold(strings.TrimPrefix(to.Name, "#"))
	for _, rule := range s.cfg.Rules {
		if ok, _ := path.Match(ircbus.Fold(rule.Pattern), name); ok { // ParseRule has checked it
			return s.in.Feed(s.cfg.Publisher, rule.Channel)
		}
	}
	return s.in.Feed(s.cfg.Publisher, to.Name)
}
