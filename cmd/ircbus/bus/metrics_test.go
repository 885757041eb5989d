package bus

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// TestMetricsAreConventional: Prometheus's own linter has nothing to say about
// what a bus with every door open exposes.
func TestMetricsAreConventional(t *testing.T) {
	c := quiet(t)
	c.MediaWiki = MediaWiki{Listen: "127.0.0.1:0", Names: []string{"*"}}
	b := startBus(t, c)
	status, text := get(t, b.URL()+"/metrics")
	if status != http.StatusOK {
		t.Fatal(status, text)
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for _, want := range []string{
		"process_open_fds", "go_goroutines", "ircbus_commit_seconds_count",
		`ircbus_events_refused_total{code="STORE_UNAVAILABLE"}`, `ircbus_door_dropped_total{door="mediawiki",where="queue"}`,
	} {
		if !strings.Contains(text, "\n"+want+" ") {
			t.Errorf("no %q in the metrics:\n%s", want, text)
		}
	}
}

// TestFiguresAreConsistent: no metric contradicts its description or another.
func TestFiguresAreConsistent(t *testing.T) {
	b := startBus(t, quiet(t))
	pedantic := prometheus.NewPedanticRegistry()
	if err := pedantic.Register(figures{b}); err != nil {
		t.Fatal(err)
	}
	if _, err := pedantic.Gather(); err != nil {
		t.Error(err)
	}
}

// TestMetricsStandHostileRequests: absurd requests get an answer.
func TestMetricsStandHostileRequests(t *testing.T) {
	b := startBus(t, quiet(t))
	for _, query := range []string{"?name[]=ircbus_irc_lag", "?name[]=%FF", "?%"} {
		if status, text := get(t, b.URL()+"/metrics"+query); status != http.StatusOK {
			t.Errorf("%s: %d %s", query, status, text)
		}
	}
}
