package bench

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// maxInFlight is how many events of one publisher may wait at most.
const maxInFlight = 1 << 16

// ircDoor publishes over IRC: labelled lines, so many under way.
type ircDoor struct {
	publisher *load.Publisher
	text      load.Text
	since     func() time.Duration
	inFlight  uint32
	buf       []byte

	sent  atomic.Uint32
	acks  atomic.Uint32
	times [maxInFlight]atomic.Int64 // when an event was sent, by its number
	freed chan struct{}             // one place: an acknowledgement has come

	mu   sync.Mutex
	took load.Histogram // guarded by mu
}

func newIRCDoor(ctx context.Context, p *publishing, text load.Text, n int) (*ircDoor, error) {
	publisher, err := load.DialPublisher(ctx, p.server.target, n, p.server.login(n))
	if err != nil {
		return nil, err
	}
	d := &ircDoor{publisher: publisher, text: text, since: p.crowd.Since, inFlight: uint32(p.InFlight), freed: make(chan struct{}, 1)}
	publisher.Listen(d.acknowledged)
	return d, nil
}

// acknowledged is called by the publisher's reader.
func (d *ircDoor) acknowledged(label []byte) {
	seq, err := strconv.ParseUint(string(label), 10, 32)
	if err == nil {
		took := d.since() - time.Duration(d.times[seq%maxInFlight].Load())
		d.mu.Lock()
		d.took.Record(took)
		d.mu.Unlock()
	}
	d.acks.Add(1)
	select {
	case d.freed <- struct{}{}:
	default:
	}
}

func (d *ircDoor) publish(ctx context.Context, n int) error {
	for n > 0 {
		free := d.inFlight - (d.sent.Load() - d.acks.Load())
		if free == 0 || int(free) < n && int(free) < int(d.inFlight)/4 {
			if ended, err := d.wait(ctx); ended || err != nil {
				return err
			}
			continue
		}
		some := min(n, int(free))
		if err := d.send(some); err != nil {
			return err
		}
		n -= some
	}
	return nil
}

// wait waits for an acknowledgement.
func (d *ircDoor) wait(ctx context.Context) (ended bool, err error) {
	select {
	case <-d.freed:
		return false, d.publisher.Err()
	case <-d.publisher.Failed():
		return true, d.publisher.Err()
	case <-ctx.Done():
		return true, nil
	}
}

func (d *ircDoor) send(n int) error {
	d.buf = d.buf[:0]
	seq := d.sent.Load()
	for range n {
		now := d.since()
		d.times[seq%maxInFlight].Store(int64(now))
		d.buf = d.text.Append(d.buf, seq, now)
		seq++
	}
	d.sent.Store(seq)
	return d.publisher.Write(d.buf)
}

func (d *ircDoor) finish(ctx context.Context) error {
	for d.acks.Load() < d.sent.Load() {
		if ended, err := d.wait(ctx); ended || err != nil {
			return err
		}
	}
	return d.publisher.Err()
}

func (d *ircDoor) figures() (sent uint32, acknowledged uint64, took *load.Histogram) {
	d.mu.Lock()
	defer d.mu.Unlock()
	copied := d.took
	return d.sent.Load(), uint64(d.acks.Load()), &copied
}

func (d *ircDoor) close() { d.publisher.Close() }
