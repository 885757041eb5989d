package historytest

import (
	"sync"
	"time"
)

// clock is a clock that only the test moves, forwards or back.
type clock struct {
	mu   sync.Mutex
	time time.Time // guarded by mu
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *clock) set(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = to
}

func (c *clock) move(by time.Duration) { c.set(c.now().Add(by)) }
