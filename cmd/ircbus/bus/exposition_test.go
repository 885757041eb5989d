package bus

import (
	"strings"
	"testing"
)

func TestExposition(t *testing.T) {
	var text strings.Builder
	x := &exposition{w: &text}
	x.gauge("a", "An a.", 1.5)
	x.counter("b_total", "Some b.", 1<<53+1)
	x.counters("c_total", "By name.", "name", map[string]uint64{"y": 2, "x\"\\\n": 1})
	x.histogram("d_seconds", "Times.", []bucket{{0.0001, 1}, {2, 3}}, 4.25, 5)
	want := `# HELP a An a.
# TYPE a gauge
a 1.5
# HELP b_total Some b.
# TYPE b_total counter
b_total 9007199254740993
# HELP c_total By name.
# TYPE c_total counter
c_total{name="x\"\\\n"} 1
c_total{name="y"} 2
# HELP d_seconds Times.
# TYPE d_seconds histogram
d_seconds_bucket{le="0.0001"} 1
d_seconds_bucket{le="2"} 3
d_seconds_bucket{le="+Inf"} 5
d_seconds_sum 4.25
d_seconds_count 5
`
	if text.String() != want {
		t.Errorf("got\n%s\nwant\n%s", text.String(), want)
	}
}
