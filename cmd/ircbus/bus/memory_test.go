package bus

import (
	"runtime"
	runtimemetrics "runtime/metrics"
	"testing"
)

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
