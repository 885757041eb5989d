package bus

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// metrics counts what passes through the bus as a whole. What the parts count
// themselves is read from them at each scrape: see figures.
type metrics struct {
	registry   *prometheus.Registry
	accepted   *prometheus.CounterVec // by publisher
	refusals   *prometheus.CounterVec // by code
	duplicates prometheus.Counter
	delivered  atomic.Uint64 // last id handed to the IRC server
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		accepted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ircbus_events_accepted_total", Help: "Events stored.",
		}, []string{"publisher"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ircbus_events_refused_total", Help: "Events refused.",
		}, []string{"code"}),
		duplicates: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ircbus_events_duplicate_total", Help: "Events acknowledged with the id of an earlier one with the same key.",
		}),
	}
	for _, code := range []ircbus.Code{
		ircbus.InvalidEvent, ircbus.EventTooLarge, ircbus.RateLimited, ircbus.StoreUnavailable, ircbus.NotPublisher,
	} {
		m.refusals.WithLabelValues(string(code)) // so that a rate can be told from the first one on
	}
	m.registry.MustRegister(
		m.accepted, m.refusals, m.duplicates,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// refused counts one refused event. The door that answers it calls this.
func (m *metrics) refused(code ircbus.Code) { m.refusals.WithLabelValues(string(code)).Inc() }

// stored counts what came of a batch. Refusals are not counted here but by the
// doors, which also refuse what never comes so far.
func (m *metrics) stored(batch []ircbus.Event, receipts []ircbus.Receipt) {
	var accepted prometheus.Counter
	publisher := ""
	for i, receipt := range receipts {
		if receipt.Duplicate {
			m.duplicates.Inc()
			continue
		}
		if accepted == nil || batch[i].Publisher != publisher { // mostly one for all
			publisher = batch[i].Publisher
			accepted = m.accepted.WithLabelValues(publisher)
		}
		accepted.Inc()
	}
}

// Limits of /metrics, which on an open bus anybody can ask for.
const (
	maxScrapes    = 8                // at once; further ones are answered 503
	scrapeTimeout = 10 * time.Second // also for the reader
)

// handler answers /metrics.
func (m *metrics) handler(log *slog.Logger) http.Handler {
	scrape := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		MaxRequestsInFlight: maxScrapes,
		Timeout:             scrapeTimeout,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A reader that does not read must not keep one of few places.
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(2 * scrapeTimeout)); err != nil {
			log.Warn("a scrape has no time-out", "err", err)
		}
		scrape.ServeHTTP(w, r)
	})
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

// Redact removes an event and counts the tombstone.
func (l countedLog) Redact(ctx context.Context, r ircbus.Redaction) (ircbus.Event, error) {
	return l.bus.redact(ctx, r)
}
