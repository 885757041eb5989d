package door

import (
	"net/netip"
	"sync"
)

// Packet is one datagram.
type Packet struct {
	Data []byte
	From netip.AddrPort
}

// queue holds packets between the goroutine that receives and the one that
// stores, up to a number of bytes.
type queue struct {
	limit int
	ready chan struct{} // has a token while there may be something to take

	mu      sync.Mutex
	packets []Packet
	bytes   int // of packets and of what was taken and is not done
	closed  bool
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, ready: make(chan struct{}, 1)}
}

// put adds a packet; false means that there is no room for it.
func (q *queue) put(packet Packet) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes+cost(packet) > q.limit {
		return false
	}
	q.packets = append(q.packets, packet)
	q.bytes += cost(packet)
	q.signal()
	return true
}

// cost is what a packet takes, with its place in the queue.
func cost(packet Packet) int { return len(packet.Data) + 56 }

func (q *queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// close tells the taker that nothing more will come.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

// take moves at most max packets to the end of batch; more is false when the
// queue is closed and this was all. The packets count until done.
func (q *queue) take(batch []Packet, max int) (_ []Packet, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(max, len(q.packets))
	batch = append(batch, q.packets[:n]...)
	clear(q.packets[:n])
	if q.packets = q.packets[n:]; len(q.packets) == 0 {
		q.packets = nil
		return batch, !q.closed
	}
	q.signal()
	return batch, true
}

// done gives the room of taken packets back.
func (q *queue) done(batch []Packet) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, packet := range batch {
		q.bytes -= cost(packet)
	}
}

func (q *queue) size() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}
