package load

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// threads is how many threads wait for the members.
func (c *Crowd) threads() int {
	if c.TLS != nil {
		return 1
	}
	threads := c.Threads
	if threads == 0 {
		threads = max(runtime.NumCPU()/4, 1)
	}
	return min(threads, max(c.Members, 1))
}

// start starts the shard's thread, or over TLS prepares for goroutines.
func (s *shard) start() error {
	if s.crowd.TLS != nil {
		return nil
	}
	var err error
	s.poll, err = newPoll(s)
	return err
}

// do runs fn where the shard's members are served.
func (s *shard) do(fn func()) {
	if s.poll == nil {
		s.lock.do(s, fn)
		return
	}
	s.poll.do(fn)
}

func (s *shard) connect(m *member) {
	if s.poll == nil {
		s.lock.connect(s, m)
		return
	}
	s.poll.connect(m)
}

// stall stops reading what a member gets, or goes on. It is false if that is
// not possible: with a goroutine for each member.
func (s *shard) stall(m *member, stop bool) bool {
	w, ok := m.wire.(*socket)
	if !ok {
		return false
	}
	events := uint32(unix.EPOLLIN)
	if stop {
		events = 0
	}
	return unix.EpollCtl(s.poll.epoll, unix.EPOLL_CTL_MOD, w.fd, &unix.EpollEvent{Events: events, Fd: int32(m.local)}) == nil
}

// close ends all connections and the thread.
func (s *shard) close() {
	if s.poll == nil {
		s.lock.close(s)
		return
	}
	s.poll.do(func() { s.closing = true })
	s.poll.thread.Wait()
}
