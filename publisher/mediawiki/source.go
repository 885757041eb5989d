package mediawiki

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path"
	"sync"
	"sync/atomic"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher"
)

// Config says where a Source listens, what it takes, and where that goes.
type Config struct {
	Listen string         // UDP host:port; port 0 takes a free one
	Allow  []netip.Prefix // senders' addresses; nil allows loopback alone
	Names  []string       // patterns (path.Match) of the wiki values that may become publishers
	Wiki   string         // the wiki that IRC lines without any prefix are from; "" refuses them

	// Append takes the events into the log.
	Append publisher.Appender
	// Ensure makes the wiki's account and feed if they are missing, and returns
	// their names. It is called at the wiki's first change, and again when a
	// change first tells where the wiki is.
	Ensure func(context.Context, ircbus.Wiki) (account, channel string, err error)

	Refused    func(ircbus.Code) // counts refusals; may be nil
	MaxBody    int               // limit, in bytes, of an event's canonical form; 0 means ircbus.MaxBody
	QueueBytes int               // packets that may wait for the store, in bytes; 0 means DefaultQueueBytes
	Log        *slog.Logger      // nil for none
}

// DefaultQueueBytes is about 80,000 packets of MediaWiki's usual size.
const DefaultQueueBytes = 32 << 20

// Stats are counts since Listen.
type Stats struct {
	Received     uint64 // datagrams, whatever became of them
	Events       uint64 // stored, without the duplicates
	Duplicates   uint64 // of changes that the log had before
	Malformed    uint64 // neither JSON nor XML nor a line, or cut
	Refused      uint64 // by the bus, for another reason
	DeniedSender uint64 // from an address that is not allowed
	DeniedName   uint64 // from a wiki whose name is not allowed
	QueueDrops   uint64 // lost while the store was away for too long
	KernelDrops  uint64 // lost in the socket's buffer, as far as the kernel has told

	Queued        int // bytes of packets that wait now
	ReceiveBuffer int // bytes that the kernel gave the socket
}

// counters are Stats while they change.
type counters struct {
	received, events, duplicates, malformed, refused  atomic.Uint64
	deniedSender, deniedName, queueDrops, kernelDrops atomic.Uint64
}

// Source receives the packets of MediaWiki's feeds. UDP acknowledges nothing: a
// packet is safe only when the log has it, so a Source is built to lose none on
// the way there. One goroutine does nothing but receive, into a queue; another
// one parses and appends in batches, and tries again while the store is away.
type Source struct {
	cfg    Config
	log    *slog.Logger
	conn   *net.UDPConn
	buffer int // bytes of the socket's receive buffer
	queue  *queue
	counts counters
	report reporter // owned by the worker, but for notes
	wikis  wikis    // owned by the worker
}

var _ publisher.Source = (*Source)(nil)

// Listen binds the address. What arrives before Run waits in the kernel.
func Listen(cfg Config) (*Source, error) {
	if cfg.Append == nil || cfg.Ensure == nil {
		return nil, errors.New("mediawiki: Config needs Append and Ensure")
	}
	for _, pattern := range cfg.Names {
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, fmt.Errorf("the pattern %q of wiki names is malformed", pattern)
		}
	}
	if cfg.Allow == nil {
		cfg.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	if cfg.QueueBytes == 0 {
		cfg.QueueBytes = DefaultQueueBytes
	}
	if cfg.Refused == nil {
		cfg.Refused = func(ircbus.Code) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	address, err := net.ResolveUDPAddr("udp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("the address %q for MediaWiki's packets is not host:port: %w", cfg.Listen, err)
	}
	conn, err := net.ListenUDP("udp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot receive MediaWiki's packets: %w", err)
	}
	s := &Source{cfg: cfg, log: cfg.Log, conn: conn, queue: newQueue(cfg.QueueBytes)}
	s.buffer = prepareSocket(conn)
	s.wikis = wikis{byName: make(map[string]*target), byAccount: make(map[string]string)}
	s.report.source = s
	return s, nil
}

// Addr returns the address that the source listens on.
func (s *Source) Addr() net.Addr { return s.conn.LocalAddr() }

// Run receives until ctx ends, then stores what has arrived and returns nil. It
// is called once.
func (s *Source) Run(ctx context.Context) error {
	if s.buffer < enoughBuffer {
		s.log.Warn("the kernel gives the socket for MediaWiki's packets a small buffer, bursts may be lost: raise net.core.rmem_max",
			"bytes", s.buffer, "wanted", enoughBuffer)
	}
	var receiver sync.WaitGroup
	var failure error
	stop := context.AfterFunc(ctx, func() { wake(s.conn) })
	defer stop()
	receiver.Go(func() {
		failure = s.receive(ctx)
		s.queue.close()
	})
	s.work(ctx)
	receiver.Wait()
	return errors.Join(failure, s.conn.Close())
}

// Stats returns the counts of this moment.
func (s *Source) Stats() Stats {
	c := &s.counts
	return Stats{
		Received: c.received.Load(), Events: c.events.Load(), Duplicates: c.duplicates.Load(),
		Malformed: c.malformed.Load(), Refused: c.refused.Load(),
		DeniedSender: c.deniedSender.Load(), DeniedName: c.deniedName.Load(),
		QueueDrops: c.queueDrops.Load(), KernelDrops: c.kernelDrops.Load(),
		Queued: s.queue.size(), ReceiveBuffer: s.buffer,
	}
}
