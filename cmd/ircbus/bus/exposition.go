package bus

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// exposition writes metrics in Prometheus's text format 0.0.4. The first error
// of the writer stays.
type exposition struct {
	w   io.Writer
	err error
}

// expositionType is the Content-Type of the format.
const expositionType = "text/plain; version=0.0.4; charset=utf-8"

func (x *exposition) printf(format string, args ...any) {
	if x.err == nil {
		_, x.err = fmt.Fprintf(x.w, format, args...)
	}
}

// family begins the metrics of one name. kind is counter, gauge or histogram.
func (x *exposition) family(name, kind, help string) {
	x.printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// gauge writes a metric without labels that goes up and down.
func (x *exposition) gauge(name, help string, value float64) {
	x.family(name, "gauge", help)
	x.printf("%s %s\n", name, number(value))
}

// counter writes a metric without labels that only grows.
func (x *exposition) counter(name, help string, value uint64) {
	x.family(name, "counter", help)
	x.printf("%s %d\n", name, value)
}

// counters writes one counter for each value of a label.
func (x *exposition) counters(name, help, label string, values map[string]uint64) {
	x.family(name, "counter", help)
	for _, key := range sortedKeys(values) {
		x.printf("%s{%s=\"%s\"} %d\n", name, label, labelEscapes.Replace(key), values[key])
	}
}

// bucket counts what was at most upTo.
type bucket struct {
	upTo  float64
	count uint64
}

// histogram writes a histogram; the buckets are cumulative and count is all.
func (x *exposition) histogram(name, help string, buckets []bucket, sum float64, count uint64) {
	x.family(name, "histogram", help)
	for _, b := range buckets {
		x.printf("%s_bucket{le=\"%s\"} %d\n", name, number(b.upTo), b.count)
	}
	x.printf("%s_bucket{le=\"+Inf\"} %d\n%s_sum %s\n%s_count %d\n", name, count, name, number(sum), name, count)
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
