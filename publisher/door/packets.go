package door

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
)

const (
	wantedBuffer = 16 << 20 // bytes; Linux takes twice as much for its own accounts
	enoughBuffer = 4 << 20  // below it Run warns

	// maxDatagram is more than UDP can carry, so that nothing is ever cut here.
	maxDatagram = 64 << 10
	// slabSize is how much is received into one piece of memory: packets stay
	// where they were received, without being copied, until the last one of
	// their slab is done.
	slabSize = 512 << 10

	maxBatch = 512 // packets handled at once
)

// DefaultQueueBytes is about 80,000 packets of some hundred bytes.
const DefaultQueueBytes = 32 << 20

// Packets receives datagrams. UDP acknowledges nothing: a packet is safe only
// when the log has it, so Packets is built to lose none on the way there. One
// goroutine for each socket does nothing but receive, into a queue; another one handles what is
// queued, in batches.
type Packets struct {
	in     *Inlet
	allow  []netip.Prefix
	buffer int // bytes of the smallest receive buffer of a socket
	queue  *queue

	sockets []*packetSocket
}

// packetSocket is one of the sockets.
type packetSocket struct {
	conn  *net.UDPConn
	drops uint64 // of the kernel's; owned by the receiver
}

// ListenPackets binds the addresses, host:port with commas between them; port 0
// takes a free one. What arrives before Run waits in the kernel. Senders outside of allow are refused;
// nil allows loopback alone. queueBytes is how much may wait for the store; 0
// means DefaultQueueBytes.
func ListenPackets(in *Inlet, listen string, allow []netip.Prefix, queueBytes int) (*Packets, error) {
	if allow == nil {
		allow = Loopback
	}
	if queueBytes == 0 {
		queueBytes = DefaultQueueBytes
	}
	p := &Packets{in: in, allow: allow, queue: newQueue(queueBytes)}
	addresses := Addresses(listen)
	for _, address := range addresses {
		if err := p.bind(networkFor("udp", address, len(addresses) > 1), address); err != nil {
			p.Close()
			return nil, err
		}
	}
	in.report.mu.Lock()
	defer in.report.mu.Unlock()
	in.report.queue, in.report.buffer = p.queue, p.buffer
	return p, nil
}

func (p *Packets) bind(network, listen string) error {
	address, err := net.ResolveUDPAddr(network, listen)
	if err != nil {
		return fmt.Errorf("the address %q is not host:port: %w", listen, err)
	}
	conn, err := net.ListenUDP(network, address)
	if err != nil {
		return err
	}
	if buffer := prepareSocket(conn); len(p.sockets) == 0 || buffer < p.buffer {
		p.buffer = buffer
	}
	p.sockets = append(p.sockets, &packetSocket{conn: conn})
	return nil
}

// Addr returns the address that it listens on, or the addresses.
func (p *Packets) Addr() net.Addr {
	var addrs []net.Addr
	for _, s := range p.sockets {
		addrs = append(addrs, s.conn.LocalAddr())
	}
	return oneAddr(addrs)
}

// Close closes the sockets of a door that does not Run.
func (p *Packets) Close() (err error) {
	for _, s := range p.sockets {
		err = errors.Join(err, s.conn.Close())
	}
	return err
}

// Run receives until ctx ends, then handles what has arrived and returns nil. It
// is called once. handle must store what it is given, whatever that takes, until
// its own ctx ends, which is a little later; it may not keep the batch. Packets
// from whom none are taken do not come to it.
func (p *Packets) Run(ctx context.Context, handle func(context.Context, []Packet)) error {
	if p.buffer < enoughBuffer {
		p.in.Log.Warn("the kernel gives the socket a small buffer, bursts may be lost: raise net.core.rmem_max",
			"bytes", p.buffer, "wanted", enoughBuffer)
	}
	receiving, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	stop := context.AfterFunc(receiving, func() { // also those that go on, if one fails
		for _, s := range p.sockets {
			wake(s.conn)
		}
	})
	defer stop()
	var receivers sync.WaitGroup
	for _, s := range p.sockets {
		receivers.Go(func() {
			if err := p.receive(receiving, s); err != nil {
				fail(err)
			}
		})
	}
	go func() {
		receivers.Wait()
		p.queue.close()
	}()
	storing, cancel := Draining(ctx)
	defer cancel()
	batch := make([]Packet, 0, maxBatch)
	for more := true; more; {
		<-p.queue.ready
		if batch, more = p.queue.take(batch[:0], maxBatch); len(batch) > 0 {
			handle(storing, batch)
		}
		p.queue.done(batch)
		clear(batch)
	}
	receivers.Wait()
	var failure error
	if ctx.Err() == nil {
		failure = context.Cause(receiving)
	}
	return errors.Join(failure, p.Close())
}

// receive does nothing but receive, so that the socket's buffer is never full.
// When ctx has ended it takes what the socket still holds.
func (p *Packets) receive(ctx context.Context, s *packetSocket) error {
	var slab []byte
	ancillary := make([]byte, 128)
	for {
		if len(slab) < maxDatagram {
			slab = make([]byte, slabSize)
		}
		n, m, _, from, err := s.conn.ReadMsgUDPAddrPort(slab[:maxDatagram], ancillary)
		switch {
		case err == nil:
			p.takePacket(s, slab[:n:n], ancillary[:m], from)
			slab = slab[n:]
		case ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded):
			return drainSocket(s.conn, func(packet []byte, from netip.AddrPort) { p.takePacket(s, packet, nil, from) })
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("receiving packets: %w", err)
		default:
			// An ICMP error or a lack of kernel memory: the next read may do.
			p.in.Trouble("receiving failed", err)
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}

func (p *Packets) takePacket(s *packetSocket, packet, ancillary []byte, from netip.AddrPort) {
	p.in.Received(1)
	if len(ancillary) > 0 {
		if drops, ok := kernelDrops(ancillary); ok && uint64(drops) > s.drops {
			p.in.Drop(Kernel, int(uint64(drops)-s.drops))
			s.drops = uint64(drops)
		}
	}
	sender := from.Addr().Unmap().WithZone("")
	if !Allowed(p.allow, sender) {
		p.in.Refuse(Sender, sender.String(), errSender)
		return
	}
	if is, _ := ircbus.FromPage(packet); is {
		p.in.Refuse(Malformed, sender.String(), errPage)
		return
	}
	if !p.queue.put(Packet{packet, netip.AddrPortFrom(sender, from.Port())}) {
		p.in.Drop(Queue, 1)
	}
}

// wake lets a blocked read return.
func wake(conn *net.UDPConn) { conn.SetReadDeadline(past) }
