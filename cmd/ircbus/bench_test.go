package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/ircbus/ircbus/cmd/ircbus/bench"
)

// measure runs a benchmark in the real program and returns its result.
func measure(t *testing.T, args ...string) bench.Result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, append([]string{"bench", "--json"}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ircbus bench %q: %v\n%s\n%s", args, err, out, stderr.String())
	}
	var r bench.Result
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return r
}

// figure is a number of a result that must be there.
func figure(t *testing.T, r bench.Result, name string) float64 {
	t.Helper()
	v, ok := r.Figures.Get(name)
	if !ok {
		t.Fatalf("there is no %s in %v", name, r.Figures)
	}
	return v
}

// TestBenchFanout: a whole run against a bus of its own counts every delivery.
func TestBenchFanout(t *testing.T) {
	for _, test := range []struct {
		args []string
		want float64 // deliveries
	}{
		{[]string{"--members", "20", "--events", "400"}, 20 * 400},
		{[]string{"--members", "20", "--events", "405", "--publishers", "3", "--tags", "half"}, 20 * 405},
		{[]string{"--members", "8", "--events", "400", "--filters", "4"}, 8 * 300},
		{[]string{"--members", "8", "--events", "400", "--filters", "4", "--narrow"}, 8 * 100},
		{[]string{"--members", "8", "--events", "100", "--tls", "--rate", "1000"}, 8 * 100},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			r := measure(t, append([]string{"fanout"}, test.args...)...)
			if got := figure(t, r, "deliveries"); got != test.want {
				t.Errorf("%v deliveries, want %v", got, test.want)
			}
			if figure(t, r, "p99_ms") <= 0 || !strings.HasPrefix(r.Server, "ircbus-") {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestBenchIdle: many come in and stay.
func TestBenchIdle(t *testing.T) {
	r := measure(t, "idle", "--connections", "50", "--channels", "5", "--rest", "100ms")
	if figure(t, r, "memory_MB") <= 0 || figure(t, r, "join_s") <= 0 {
		t.Errorf("%+v", r)
	}
}

// TestBenchStorm: many come in, the bus is killed and started again, and nobody
// misses anything.
func TestBenchStorm(t *testing.T) {
	if r := measure(t, "storm", "--connections", "50", "--channels", "5"); figure(t, r, "join_s") <= 0 {
		t.Errorf("%+v", r)
	}
	// More than one answer to CHATHISTORY can bring.
	r := measure(t, "storm", "--restart", "--kill", "--connections", "50", "--missed", "230")
	if figure(t, r, "all_back_s") <= 0 || figure(t, r, "connections_tried_again") < 50 {
		t.Errorf("%+v", r)
	}
}

// TestBenchPublish: every event is acknowledged and delivered.
func TestBenchPublish(t *testing.T) {
	for _, args := range [][]string{
		{"--events", "300", "--in-flight", "1"},
		{"--events", "3000", "--publishers", "3"},
		{"--events", "100", "--rate", "1000"},
		{"--events", "3000", "--publishers", "2", "--over", "http", "--batch", "100"},
	} {
		r := measure(t, append([]string{"publish"}, args...)...)
		if want := args[1]; fmt.Sprint(figure(t, r, "acknowledged")) != want {
			t.Errorf("%q: %v were acknowledged", args, figure(t, r, "acknowledged"))
		}
		if figure(t, r, "ack_p50_ms") <= 0 || figure(t, r, "deliver_p50_ms") <= 0 || figure(t, r, "disk_commit_p50_ms") <= 0 {
			t.Errorf("%+v", r)
		}
	}
}

// TestBenchBackfill: every format gives every event, once and in order.
func TestBenchBackfill(t *testing.T) {
	dir := t.TempDir()
	for range 2 { // the second time the events are there
		r := measure(t, "backfill", "--fill", "2345", "--asks", "1", "--keep", dir)
		for _, name := range []string{"xml_per_s", "json_per_s", "ndjson_per_s", "qs_per_s", "first_byte_page_p50_ms"} {
			if figure(t, r, name) <= 0 {
				t.Errorf("%s of %+v", name, r)
			}
		}
	}
}

// TestBenchSlow: who is stalled is cut off and told, or catches up.
func TestBenchSlow(t *testing.T) {
	r := measure(t, "slow", "--members", "20", "--stalled", "5", "--events", "20000", "--behind", "100000")
	if told, kept := figure(t, r, "stalled_cut_off_and_told"), figure(t, r, "stalled_caught_up"); told+kept != 5 {
		t.Errorf("%v were told, %v caught up", told, kept)
	}
}

func TestBenchUsage(t *testing.T) {
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"fanout", "--members", "0"}, "--members"},
		{[]string{"fanout", "--addr", "nonsense"}, "nonsense"},
		{[]string{"fanout", "--addr", "127.0.0.1:1"}, "127.0.0.1:1"},
		{[]string{"fanout", "--addr", "127.0.0.1:1", "--filters", "3"}, "--account"},
	} {
		code, _, errs := invoke(t, append([]string{"bench"}, test.args...)...)
		if code == exitDone || !strings.Contains(errs, test.says) {
			t.Errorf("ircbus bench %q: code %d, %q; want %q", test.args, code, errs, test.says)
		}
	}
}
