package load

import (
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

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
