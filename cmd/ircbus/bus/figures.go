package bus

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ircbus/ircbus/history/sqlite"
)

// figures is the prometheus.Collector of what the bus's parts count themselves.
type figures struct{ bus *Bus }

// Describe implements prometheus.Collector.
func (f figures) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(f, to) }

// Collect implements prometheus.Collector.
func (f figures) Collect(to chan<- prometheus.Metric) {
	f.logins(to)
	f.irc(to)
	f.http(to)
	f.log(to)
	f.doors(to)
}

// figure is a metric whose value somebody else keeps.
type figure struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func gauge(name, help string, labels ...string) figure {
	return figure{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
}

func counter(name, help string, labels ...string) figure {
	return figure{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue}
}

// is the metric with its value now.
func (f figure) is(value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(f.desc, f.kind, value, labels...)
}

var logins = counter("ircbus_logins_total", "Logins, by what came of them; throttled are those that came too soon after failures.", "result")

func (f figures) logins(to chan<- prometheus.Metric) {
	stats := f.bus.accounts.Stats()
	to <- logins.is(float64(stats.Succeeded), "succeeded")
	to <- logins.is(float64(stats.Failed), "failed")
	to <- logins.is(float64(stats.Throttled), "throttled")
}

var (
	ircConnections = gauge("ircbus_irc_connections", "IRC connections open now.")
	ircRegistered  = gauge("ircbus_irc_registered", "IRC connections that have completed registration.")
	ircFeeds       = gauge("ircbus_irc_feeds", "Channels of publishers.")
	ircDeliveries  = counter("ircbus_irc_deliveries_total", "Events times the members they went to.")
	ircSlowCut     = counter("ircbus_irc_slow_cut_total", "IRC connections cut off for reading too slowly.")
)

func (f figures) irc(to chan<- prometheus.Metric) {
	stats := f.bus.irc.Stats()
	to <- ircConnections.is(float64(stats.Connections))
	to <- ircRegistered.is(float64(stats.Registered))
	to <- ircFeeds.is(float64(stats.Feeds))
	to <- ircDeliveries.is(float64(stats.Deliveries))
	to <- ircSlowCut.is(float64(stats.SlowCut))
}

var (
	httpStreams  = gauge("ircbus_http_streams", "HTTP requests that stream or wait now.")
	httpStreamed = counter("ircbus_http_streamed_total", "Events written to HTTP streams.")
	httpSlowCut  = counter("ircbus_http_slow_cut_total", "HTTP streams cut off for reading too slowly.")
)

func (f figures) http(to chan<- prometheus.Metric) {
	stats := f.bus.api.Stats()
	to <- httpStreams.is(float64(stats.Streams))
	to <- httpStreamed.is(float64(stats.Streamed))
	to <- httpSlowCut.is(float64(stats.SlowCut))
}

var (
	logHead     = gauge("ircbus_log_head", "The last id on disk.")
	logTailLag  = gauge("ircbus_log_tail_lag", "Ids by which the hindmost reader of the log is behind it.")
	logAhead    = gauge("ircbus_log_ahead_seconds", "By how much the times of the log were ahead of the clock at the last commit: it was set back.")
	excessive   = gauge("ircbus_retention_excess_events", "Events that retention has still to remove, as far as it knows.")
	unindexed   = gauge("ircbus_log_unindexed", "Events that searches must read, since the index does not have them yet.")
	logFailures = counter("ircbus_log_failures_total", "Batches refused because they could not be written.")
	ircLag      = gauge("ircbus_irc_lag", "Ids by which the IRC server is behind the log.")
	commits     = prometheus.NewDesc("ircbus_commit_seconds", "Time of the commits that stored events.", nil, nil)
)

func (f figures) log(to chan<- prometheus.Metric) {
	delivered := f.bus.metrics.delivered.Load() // before the head, which only grows
	stats := f.bus.store.Stats()
	to <- logHead.is(float64(stats.Head))
	to <- logTailLag.is(float64(stats.TailLag))
	to <- logAhead.is(stats.Ahead.Seconds())
	to <- excessive.is(float64(stats.Excess))
	to <- unindexed.is(float64(stats.Unindexed))
	to <- logFailures.is(float64(stats.Failures))
	to <- ircLag.is(float64(uint64(stats.Head) - delivered))
	to <- commitTimes(stats)
}

func commitTimes(stats sqlite.Stats) prometheus.Metric {
	buckets := make(map[float64]uint64, len(stats.Latency))
	for _, l := range stats.Latency {
		buckets[l.UpTo.Seconds()] = l.Count
	}
	return prometheus.MustNewConstHistogram(commits, stats.Commits, stats.LatencySum.Seconds(), buckets)
}
