package bus

import (
	"net/http"
	"os"
	"runtime"
	runtimemetrics "runtime/metrics"
	"strconv"
	"strings"
)

// scrape answers /metrics.
func (b *Bus) scrape(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", expositionType)
	x := &exposition{w: w}
	b.exposeEvents(x)
	b.exposeIRC(x)
	b.exposeHTTP(x)
	b.exposeLog(x)
	b.exposeDoor(x)
	exposeProcess(x)
}

func (b *Bus) exposeEvents(x *exposition) {
	accepted, refusals := b.metrics.byLabel()
	x.counters("ircbus_events_accepted_total", "Events stored.", "publisher", accepted)
	x.counters("ircbus_events_refused_total", "Events refused.", "code", refusals)
	x.counter("ircbus_events_duplicate_total", "Events acknowledged with the id of an earlier one with the same key.", b.metrics.duplicates.Load())
	x.counter("ircbus_logins_failed_total", "Logins refused, those that came too fast included.", b.metrics.loginsFailed.Load())
}

func (b *Bus) exposeIRC(x *exposition) {
	stats := b.irc.Stats()
	x.gauge("ircbus_irc_connections", "IRC connections open now.", float64(stats.Connections))
	x.gauge("ircbus_irc_registered", "IRC connections that have completed registration.", float64(stats.Registered))
	x.gauge("ircbus_irc_feeds", "Channels of publishers.", float64(stats.Feeds))
	x.counter("ircbus_irc_deliveries_total", "Events times the members they went to.", stats.Deliveries)
	x.counter("ircbus_irc_slow_cut_total", "IRC connections cut off for reading too slowly.", stats.SlowCut)
}

func (b *Bus) exposeHTTP(x *exposition) {
	stats := b.api.Stats()
	x.gauge("ircbus_http_streams", "HTTP requests that stream or wait now.", float64(stats.Streams))
	x.counter("ircbus_http_streamed_total", "Events written to HTTP streams.", stats.Streamed)
	x.counter("ircbus_http_slow_cut_total", "HTTP streams cut off for reading too slowly.", stats.SlowCut)
}

func (b *Bus) exposeLog(x *exposition) {
	delivered := b.metrics.delivered.Load() // before the head, which only grows
	stats := b.store.Stats()
	x.gauge("ircbus_log_head", "The last id on disk.", float64(stats.Head))
	x.gauge("ircbus_irc_lag", "Ids by which the IRC server is behind the log.", float64(uint64(stats.Head)-delivered))
	x.gauge("ircbus_log_tail_lag", "Ids by which the hindmost reader of the log is behind it.", float64(stats.TailLag))
	x.counter("ircbus_log_failures_total", "Batches refused because they could not be written.", stats.Failures)
	buckets := make([]bucket, len(stats.Latency))
	for i, l := range stats.Latency {
		buckets[i] = bucket{l.UpTo.Seconds(), l.Count}
	}
	x.histogram("ircbus_commit_seconds", "Time of the commits that stored events.", buckets, stats.LatencySum.Seconds(), stats.Commits)
}

// exposeProcess writes the usual figures of a Go process under their usual
// names.
func exposeProcess(x *exposition) {
	samples := []runtimemetrics.Sample{
		{Name: "/sched/goroutines:goroutines"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/cycles/total:gc-cycles"},
	}
	runtimemetrics.Read(samples)
	x.gauge("go_goroutines", "Goroutines that exist now.", float64(samples[0].Value.Uint64()))
	x.gauge("go_memstats_heap_alloc_bytes", "Bytes of heap objects.", float64(samples[1].Value.Uint64()))
	x.counter("go_gc_cycles_total_gc_cycles_total", "Garbage collections.", samples[2].Value.Uint64())
	x.family("go_info", "gauge", "The Go version.")
	x.printf("go_info{version=%q} 1\n", runtime.Version())
	if resident, ok := residentBytes(); ok {
		x.gauge("process_resident_memory_bytes", "Resident memory.", resident)
	}
	if files, err := os.ReadDir("/proc/self/fd"); err == nil {
		x.gauge("process_open_fds", "Open file descriptors.", float64(len(files)))
	}
}

// residentBytes reads the size of the process where the system tells it.
func residentBytes() (float64, bool) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	return float64(pages) * float64(os.Getpagesize()), err == nil
}
