package load

import (
	"context"
	"net"
	"sync"
)

// locker serves the members of a shard with a goroutine for each, which takes
// the lock for what it has read.
type locker struct {
	mu      sync.Mutex
	readers sync.WaitGroup
}

func (l *locker) do(_ *shard, fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fn()
}

// connect is called with the lock.
func (l *locker) connect(s *shard, m *member) {
	m.state = connecting
	l.readers.Go(func() {
		nc, err := s.crowd.dialConn(context.Background(), m.number)
		l.mu.Lock()
		if err != nil {
			s.ended(m, err)
			l.mu.Unlock()
			return
		}
		if s.closing {
			l.mu.Unlock()
			nc.Close()
			return
		}
		m.wire = goWire{nc}
		m.hello()
		l.mu.Unlock()
		l.read(s, m, nc)
	})
}

// connBuffer is how much one member reads at a time: a TLS record.
const connBuffer = 16 << 10

func (l *locker) read(s *shard, m *member, nc net.Conn) {
	defer nc.Close()
	buf := make([]byte, 64<<10+connBuffer)
	begun := 0
	for {
		n, err := nc.Read(buf[begun : begun+connBuffer])
		now := s.crowd.Since()
		l.mu.Lock()
		s.bytes.Add(uint64(n))
		begun = copy(buf, s.take(m, buf[:begun+n], now))
		if err != nil && m.state != closed {
			s.ended(m, err)
		}
		s.progress(now)
		l.mu.Unlock()
		if err != nil || begun > 64<<10 {
			return
		}
	}
}

func (l *locker) close(s *shard) {
	l.mu.Lock()
	s.closing = true
	for _, m := range s.members {
		m.state = closed
		if m.wire != nil {
			m.wire.shut()
		}
	}
	l.mu.Unlock()
	l.readers.Wait()
}

// goWire is a member's connection that Go's runtime waits for.
type goWire struct{ net.Conn }

func (w goWire) send(b []byte) { w.Write(b) }

func (w goWire) shut() { w.Close() }
