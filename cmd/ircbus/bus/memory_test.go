package bus

import (
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"testing"
)

// TestCaseA3Memory: while strangers have much kept, garbage is collected more often;
// who runs the bus may have it collected even more often, or never.
func TestCaseA3Memory(t *testing.T) {
	usual := debug.SetGCPercent(100)
	defer debug.SetGCPercent(usual)
	for _, test := range []struct{ usual, pressed int }{{100, pressedGC}, {10, 10}, {-1, -1}} {
		debug.SetGCPercent(test.usual)
		var gc collection
		for _, pressed := range []bool{false, true, true, false, false} {
			gc.press(pressed)
			want := test.usual
			if pressed {
				want = test.pressed
			}
			if got := debug.SetGCPercent(want); got != want {
				t.Errorf("GOGC is %d, want %d", got, want)
			}
		}
	}
}

// TestMemoryReturned: what a rush has taken is given back once it is calm, and
// not before.
func TestMemoryReturned(t *testing.T) {
	m := newMemory()
	m.look()
	rush := make([][]byte, 64)
	for i := range rush {
		rush[i] = make([]byte, 1<<20)
	}
	if m.look() {
		t.Error("memory is given back in the rush")
	}
	released := func() uint64 {
		sample := []runtimemetrics.Sample{{Name: "/memory/classes/heap/released:bytes"}}
		runtimemetrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	clear(rush)
	before := released()
	runtime.GC()
	m.look() // or Go has done it by itself in the meantime
	if released() < before+32<<20 {
		t.Errorf("%d bytes are given back", released()-before)
	}
}
