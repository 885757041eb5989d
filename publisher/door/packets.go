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
// goroutine does nothing but receive, into a queue; another one handles what is
// queued, in batches.
type Packets struct {
	in     *Inlet
	conn   *net.UDPConn
	allow  []netip.Prefix
	buffer int // bytes of the socket's receive buffer
	queue  *queue

	drops uint64 // of the kernel's; owned by the receiver
}

// ListenPackets binds the address, host:port; port 0 takes a free one. What
// arrives before Run waits in the kernel. Senders outside of allow are refused;
// nil allows loopback alone. queueBytes is how much may wait for the store; 0
// means DefaultQueueBytes.
func ListenPackets(in *Inlet, listen string, allow []netip.Prefix, queueBytes int) (*Packets, error) {
	if allow == nil {
		allow = Loopback
	}
	if queueBytes == 0 {
		queueBytes = DefaultQueueBytes
	}
	address, err := net.ResolveUDPAddr("udp", listen)
	if err != nil {
		return nil, fmt.Errorf("the address %q is not host:port: %w", listen, err)
	}
	conn, err := net.ListenUDP("udp", address)
	if err != nil {
		return nil, err
	}
	p := &Packets{in: in, conn: conn, allow: allow, queue: newQueue(queueBytes)}
	p.buffer = prepareSocket(conn)
	in.report.mu.Lock()
	defer in.report.mu.Unlock()
	in.report.queue, in.report.buffer = p.queue, p.buffer
	return p, nil
}

// Addr returns the address that it listens on.
func (p *Packets) Addr() net.Addr { return p.conn.LocalAddr() }

// Close closes the socket of a door that does not Run.
func (p *Packets) Close() error { return p.conn.Close() }

// Run receives until ctx ends, then handles what has arrived and returns nil. It
// is called once. handle must store what it is given, whatever that takes, until
// its own ctx ends, which is a little later; it may not keep the batch. Packets
// from whom none are taken do not come to it.
func (p *Packets) Run(ctx context.Context, handle func(context.Context, []Packet)) error {
	if p.buffer < enoughBuffer {
		p.in.Log.Warn("the kernel gives the socket a small buffer, bursts may be lost: raise net.core.rmem_max",
			"bytes", p.buffer, "wanted", enoughBuffer)
	}
	var receiver sync.WaitGroup
	var failure error
	stop := context.AfterFunc(ctx, func() { wake(p.conn) })
	defer stop()
	receiver.Go(func() {
		failure = p.receive(ctx)
		p.queue.close()
	})
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
	receiver.Wait()
	return errors.Join(failure, p.conn.Close())
}

// receive does nothing but receive, so that the socket's buffer is never full.
// When ctx has ended it takes what the socket still holds.
func (p *Packets) receive(ctx context.Context) error {
	var slab []byte
	ancillary := make([]byte, 128)
	for {
		if len(slab) < maxDatagram {
			slab = make([]byte, slabSize)
		}
		n, m, _, from, err := p.conn.ReadMsgUDPAddrPort(slab[:maxDatagram], ancillary)
		switch {
		case err == nil:
			p.takePacket(slab[:n:n], ancillary[:m], from)
			slab = slab[n:]
		case ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded):
			return drainSocket(p.conn, func(packet []byte, from netip.AddrPort) { p.takePacket(packet, nil, from) })
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

func (p *Packets) takePacket(packet, ancillary []byte, from netip.AddrPort) {
	p.in.Received(1)
	if len(ancillary) > 0 {
		if drops, ok := kernelDrops(ancillary); ok && uint64(drops) > p.drops {
			p.in.Drop(Kernel, int(uint64(drops)-p.drops))
			p.drops = uint64(drops)
		}
	}
	sender := from.Addr().Unmap().WithZone("")
	if !Allowed(p.allow, sender) {
		p.in.Refuse(Sender, sender.String(), errSender)
		return
	}
	if !p.queue.put(Packet{packet, netip.AddrPortFrom(sender, from.Port())}) {
		p.in.Drop(Queue, 1)
	}
}

// wake lets a blocked read return.
func wake(conn *net.UDPConn) { conn.SetReadDeadline(past) }
