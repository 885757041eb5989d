package bus

import (
	"context"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"time"

	"github.com/ircbus/ircbus"
)

// Go keeps the memory that a rush has taken, such as thousands who come at once,
// until the next garbage collection, which may be minutes later when nothing
// happens, and a good part of it after that.
const (
	memoryTick = 5 * time.Second
	calm       = 4 << 20 // bytes allocated in that time, at most, and a quarter of what is kept: nobody needs the memory soon
	worthwhile = 8 << 20 // bytes to give back, at least, and a quarter of what is kept
)

// pressedGC is GOGC while strangers have the bus keep much, so that the garbage
// beside it is a part of that, not as much again.
const pressedGC = 25

// returnMemory gives memory back to the system when it has become calm, and has
// garbage collected more often while strangers take much of their budget.
func returnMemory(ctx context.Context, strangers *ircbus.Budget) error {
	ticker := time.NewTicker(memoryTick)
	defer ticker.Stop()
	m := newMemory()
	var gc collection
	defer gc.press(false)
	for {
		select {
		case <-strangers.Pressed():
			gc.press(true)
		case <-ticker.C:
			gc.press(strangers.IsPressed())
			m.look()
		case <-ctx.Done():
			return nil
		}
	}
}

// collection is how often garbage is collected.
type collection struct {
	pressed bool
	usual   int // GOGC while not pressed
}

// press sets it, unless garbage is collected as often anyway, or not at all.
func (c *collection) press(pressed bool) {
	if pressed == c.pressed {
		return
	}
	c.pressed = pressed
	if !pressed {
		debug.SetGCPercent(c.usual)
	} else if c.usual = debug.SetGCPercent(pressedGC); c.usual < pressedGC {
		debug.SetGCPercent(c.usual)
	}
}

// memory is what Go's heap has taken from the system.
type memory struct {
	samples   []runtimemetrics.Sample
	allocated uint64 // in all, at the last look
}

func newMemory() *memory {
	return &memory{samples: []runtimemetrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}}
}

// look gives memory back if it is worthwhile, and reports that.
func (m *memory) look() bool {
	runtimemetrics.Read(m.samples)
	value := func(i int) uint64 { return m.samples[i].Value.Uint64() }
	recently := value(0) - m.allocated
	m.allocated = value(0)
	kept := value(2) + value(3) + value(4)
	spare := kept - min(kept, value(1))
	if recently > max(calm, kept/4) || spare < max(worthwhile, kept/4) {
		return false
	}
	debug.FreeOSMemory()
	return true
}
