package api

import (
	"net"
	"sync"
)

// frames is the connection below a WebSocket. It can hold back what the WebSocket
// writes, frame by frame, until all of it goes out in one write, and it never
// leaves a frame half written for good.
type frames struct {
	net.Conn

	mu      sync.Mutex
	holding bool
	pending []byte
	begun   int // of pending, the rest of a frame that was begun
}

// Write takes whole frames and pieces of frames, in order.
func (f *frames) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.holding && len(f.pending) == 0 {
		return f.Conn.Write(b)
	}
	f.pending = append(f.pending, b...)
	if f.holding {
		return len(b), nil
	}
	_, err := f.flush()
	return len(b), err
}

// hold keeps what is written from now on until release.
func (f *frames) hold() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.holding = true
}

// held is how many bytes wait.
func (f *frames) held() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.pending)
}

// release writes what waits. ends says up to where the frames of messages go.
// When that fails, whole is how many of them have been written or begun; the rest
// of the one that was begun waits, and those after it are forgotten.
func (f *frames) release(ends []int) (whole int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.holding = false
	begun := f.begun
	n, err := f.flush()
	if err == nil {
		return len(ends), nil
	}
	end := begun
	for whole < len(ends) && end < n {
		end = ends[whole]
		whole++
	}
	f.pending = f.pending[:max(0, end-n)]
	f.begun = len(f.pending)
	return whole, err
}

// flush writes what waits and returns how much of it went out.
func (f *frames) flush() (int, error) {
	if len(f.pending) == 0 {
		return 0, nil
	}
	n, err := f.Conn.Write(f.pending)
	f.pending = f.pending[n:]
	f.begun = max(0, f.begun-n)
	if len(f.pending) == 0 {
		f.pending = nil // an idle connection keeps nothing
	}
	return n, err
}
