package load

import (
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

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
	rest := p.shard.take(m, p.buf[:begun+n], p.shard.crowd.Since())
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
