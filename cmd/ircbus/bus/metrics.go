package bus

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// metrics counts what passes through the bus as a whole. What the parts count
// themselves is read from them when somebody asks (see scrape.go).
type metrics struct {
	duplicates   atomic.Uint64
	loginsFailed atomic.Uint64
	delivered    atomic.Uint64 // last id handed to the IRC server

	mu       sync.Mutex
	accepted map[string]uint64 // by publisher
	refusals map[string]uint64 // by code
}

func newMetrics() *metrics {
	m := &metrics{accepted: map[string]uint64{}, refusals: map[string]uint64{}}
	for _, code := range []ircbus.Code{
		ircbus.InvalidEvent, ircbus.EventTooLarge, ircbus.RateLimited, ircbus.StoreUnavailable, ircbus.NotPublisher,
	} {
		m.refusals[string(code)] = 0 // so that a rate can be told from the first one on
	}
	return m
}

// refused counts one refused event. The door that answers it calls this.
func (m *metrics) refused(code ircbus.Code) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusals[string(code)]++
}

// stored counts what came of a batch. Refusals are not counted here but by the
// doors, which also refuse what never comes so far.
func (m *metrics) stored(batch []ircbus.Event, receipts []ircbus.Receipt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, receipt := range receipts {
		if receipt.Duplicate {
			m.duplicates.Add(1)
		} else {
			m.accepted[batch[i].Publisher]++
		}
	}
}

// byLabel returns the labelled counters as they are now.
func (m *metrics) byLabel() (accepted, refusals map[string]uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.accepted), maps.Clone(m.refusals)
}

// countedLog is the store as the API sees it: what it appends is counted.
type countedLog struct {
	history.Log
	bus *Bus
}

// Append stores a batch and counts it.
func (l countedLog) Append(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
	return l.bus.Append(ctx, batch)
}
