package mediawiki

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
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
)

// receive does nothing but receive, so that the socket's buffer is never full.
// When ctx has ended it takes what the socket still holds.
func (s *Source) receive(ctx context.Context) error {
	var slab []byte
	ancillary := make([]byte, 128)
	for {
		if len(slab) < maxDatagram {
			slab = make([]byte, slabSize)
		}
		n, m, _, from, err := s.conn.ReadMsgUDPAddrPort(slab[:maxDatagram], ancillary)
		switch {
		case err == nil:
			s.takePacket(slab[:n:n], ancillary[:m], from)
			slab = slab[n:]
		case ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded):
			return s.sweep()
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("receiving MediaWiki's packets: %w", err)
		default:
			// An ICMP error or a lack of kernel memory: the next read may do.
			s.report.note(&s.report.readError, err.Error())
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}

// sweep takes what is in the socket's buffer when the source stops.
func (s *Source) sweep() error {
	return drainSocket(s.conn, func(packet []byte, from netip.AddrPort) {
		s.takePacket(packet, nil, from)
	})
}

func (s *Source) takePacket(packet, ancillary []byte, from netip.AddrPort) {
	s.counts.received.Add(1)
	if len(ancillary) > 0 {
		if drops, ok := kernelDrops(ancillary); ok {
			s.counts.kernelDrops.Store(uint64(drops))
		}
	}
	if !s.allowed(from.Addr().Unmap().WithZone("")) {
		s.counts.deniedSender.Add(1)
		s.report.note(&s.report.sender, from.Addr().String())
		return
	}
	if !s.queue.put(packet) {
		s.counts.queueDrops.Add(1)
		s.report.note(&s.report.queue, "the queue is full")
	}
}

func (s *Source) allowed(sender netip.Addr) bool {
	for _, prefix := range s.cfg.Allow {
		if prefix.Contains(sender) {
			return true
		}
	}
	return false
}

// wake lets a blocked read return.
func wake(conn *net.UDPConn) { conn.SetReadDeadline(time.Unix(1, 0)) }
