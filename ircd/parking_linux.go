package ircd

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// poller tells which of many sockets have something to read: an epoll instance,
// for which Go's own poller waits, as for a file.
type poller struct {
	file *os.File
	raw  syscall.RawConn
}

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // else os.NewFile thinks that it blocks
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	p := &poller{file: os.NewFile(uintptr(fd), "epoll")}
	if p.raw, err = p.file.SyscallConn(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// watch has wait report the socket once, when there is something to read, or its
// end. A socket that is closed is forgotten by itself.
func (p *poller) watch(socket int32) (err error) {
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT, Fd: socket}
	failed := p.raw.Control(func(fd uintptr) {
		err = unix.EpollCtl(int(fd), unix.EPOLL_CTL_MOD, int(socket), &event)
		if err == unix.ENOENT { // it has not been here before
			err = unix.EpollCtl(int(fd), unix.EPOLL_CTL_ADD, int(socket), &event)
		}
	})
	if failed != nil {
		return failed
	}
	return os.NewSyscallError("epoll_ctl", err)
}

// wait appends the sockets that have something to read, none after the deadline
// or interrupt.
func (p *poller) wait(ready []int32) []int32 {
	var events [128]unix.EpollEvent
	n := 0
	// An error is the deadline's.
	_ = p.raw.Read(func(fd uintptr) bool {
		var err error
		n, err = unix.EpollWait(int(fd), events[:], 0)
		return n > 0 || err != nil && err != unix.EINTR
	})
	for _, event := range events[:max(n, 0)] {
		ready = append(ready, event.Fd)
	}
	return ready
}

func (p *poller) setDeadline(at time.Time) { p.file.SetReadDeadline(at) }

// interrupt ends a wait.
func (p *poller) interrupt() { p.file.SetReadDeadline(time.Unix(1, 0)) }

func (p *poller) close() { p.file.Close() }
