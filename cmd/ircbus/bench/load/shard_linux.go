package load

import (
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"

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

// poll is the thread of a shard: it waits for all its members at once and reads
// into one buffer, which stays in the processor's cache.
type poll struct {
	shard  *shard
	epoll  int
	wake   int // eventfd
	buf    []byte
	thread sync.WaitGroup

	mu    sync.Mutex
	todo  []func() // guarded by mu
	ended bool     // guarded by mu
}

// readSize is how much one read takes at most. What a line has begun before is
// put in front of it.
const readSize = 256 << 10

// wakeIndex is the index of the eventfd among the members.
const wakeIndex = -1

func newPoll(s *shard) (*poll, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err == nil {
		err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: wakeIndex})
	}
	if err != nil {
		unix.Close(epoll)
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	p := &poll{shard: s, epoll: epoll, wake: wake, buf: make([]byte, 64<<10+readSize)}
	p.thread.Go(p.run)
	return p, nil
}

func (p *poll) do(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.todo = append(p.todo, fn)
	unix.Write(p.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

func (p *poll) run() {
	runtime.LockOSThread() // its processor time is ours
	defer runtime.UnlockOSThread()
	events := make([]unix.EpollEvent, 1024)
	for !p.shard.closing {
		n, err := unix.EpollWait(p.epoll, events, p.patience())
		if err != nil && err != unix.EINTR {
			p.shard.crowd.fail(fmt.Errorf("epoll: %w", err))
			break
		}
		for _, event := range events[:max(n, 0)] {
			if event.Fd == wakeIndex {
				p.doAll()
				continue
			}
			p.serve(p.shard.members[event.Fd], event.Events)
		}
		p.shard.progress(p.shard.crowd.Since())
		p.account()
	}
	p.end()
}

// patience is how many milliseconds to wait for something to come: for ever
// unless a gate must hear of what has come last.
func (p *poll) patience() int {
	if p.shard.gated {
		return 1
	}
	return -1
}

// doAll runs what others have asked for.
func (p *poll) doAll() {
	var count [8]byte
	unix.Read(p.wake, count[:])
	p.mu.Lock()
	todo := p.todo
	p.todo = nil
	p.mu.Unlock()
	for _, fn := range todo {
		fn()
	}
}

// account publishes the processor time of the thread.
func (p *poll) account() {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) == nil {
		p.shard.busy.Store(t.Nano())
	}
}

// socket is a member's connection on Linux.
type socket struct {
	fd     int
	poll   *poll
	member *member
	out    []byte // that the socket has not taken yet
	open   bool   // the connection is made
}

func (p *poll) connect(m *member) {
	m.state = connecting
	fd, err := p.dial(m)
	if err != nil {
		p.shard.ended(m, err)
		return
	}
	m.wire = &socket{fd: fd, poll: p, member: m}
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT, Fd: int32(m.local)}
	if err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		p.shard.crowd.fail(fmt.Errorf("epoll: %w", err))
	}
}

// dial begins a connection from the next of the source addresses.
func (p *poll) dial(m *member) (fd int, err error) {
	to := p.shard.crowd.resolved
	from := source(to.Addr(), m.number)
	family := unix.AF_INET
	if to.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("no more sockets: %w (ulimit -n says how many there may be)", err)
	}
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if from.IsValid() {
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		err = unix.Bind(fd, &unix.SockaddrInet4{Addr: from.As4()})
	}
	if err == nil {
		err = unix.Connect(fd, sockaddr(to))
	}
	if err != nil && err != unix.EINPROGRESS {
		unix.Close(fd)
		return -1, fmt.Errorf("cannot connect to %s: %w", to, err)
	}
	return fd, nil
}

func sockaddr(to netip.AddrPort) unix.Sockaddr {
	if to.Addr().Is4() {
		return &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}
	}
	return &unix.SockaddrInet6{Addr: to.Addr().As16(), Port: int(to.Port())}
}

// serve does what a member's socket is ready for.
func (p *poll) serve(m *member, events uint32) {
	s, ok := m.wire.(*socket)
	if !ok || m.state == closed {
		return
	}
	if events&unix.EPOLLOUT != 0 {
		if !s.flush() {
			return
		}
	}
	if events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		p.read(m, s)
	}
}

func (p *poll) read(m *member, s *socket) {
	begun := copy(p.buf, m.rest)
	n, err := unix.Read(s.fd, p.buf[begun:begun+readSize])
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err == nil && n == 0:
		err = errEnded
	}
	if err != nil {
		s.shut()
		p.shard.ended(m, err)
		return
	}
	p.shard.bytes.Add(uint64(n))
	rest := p.shard.take(m, p.buf[:begun+n], time.Since(p.shard.crowd.epoch))
	if len(rest) > 64<<10 {
		p.shard.crowd.fail(fmt.Errorf("member %d got a line of more than 64 KiB", m.number))
		rest = nil
	}
	m.rest = append(m.rest[:0], rest...)
}

// flush goes on with what waits to be written. It is false if the connection is
// at its end.
func (s *socket) flush() bool {
	if !s.open {
		code, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && code != 0 {
			err = unix.Errno(code)
		}
		if err != nil {
			s.shut()
			s.poll.shard.ended(s.member, fmt.Errorf("cannot connect: %w", err))
			return false
		}
		s.open = true
		s.member.hello()
	}
	s.write()
	events := uint32(unix.EPOLLIN)
	if len(s.out) > 0 {
		events |= unix.EPOLLOUT
	}
	unix.EpollCtl(s.poll.epoll, unix.EPOLL_CTL_MOD, s.fd, &unix.EpollEvent{Events: events, Fd: int32(s.member.local)})
	return true
}

func (s *socket) write() {
	if n, err := unix.Write(s.fd, s.out); err == nil {
		s.out = slices.Delete(s.out, 0, n)
	}
}

// send writes b, at once if the socket takes it; an error shows in the next
// read.
func (s *socket) send(b []byte) {
	waiting := len(s.out) > 0
	s.out = append(s.out, b...)
	if waiting || !s.open {
		return
	}
	if s.write(); len(s.out) > 0 {
		unix.EpollCtl(s.poll.epoll, unix.EPOLL_CTL_MOD, s.fd,
			&unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT, Fd: int32(s.member.local)})
	}
}

func (s *socket) shut() { unix.Close(s.fd) }

// end closes everything that is open.
func (p *poll) end() {
	for _, m := range p.shard.members {
		if m.wire != nil && m.state != closed {
			m.wire.shut()
			m.state = closed
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	unix.Close(p.epoll)
	unix.Close(p.wake)
}
