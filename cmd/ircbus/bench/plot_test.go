package bench

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// run keeps one result of a fan-out in a file.
func keepRun(t *testing.T, file, server string, perSecond float64, failures ...string) {
	t.Helper()
	r := &Result{Command: "fanout", Server: server, Parameters: plain(), Failures: failures}
	r.add("deliveries_per_s", perSecond)
	if err := (&Output{Results: file}).keep(r); err != nil {
		t.Fatal(err)
	}
}

// TestPlot: the median of a server's good runs is drawn, with the ratio to the
// first server's.
func TestPlot(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "results")
	for _, perSecond := range []float64{2_800_000, 900_000, 2_700_000} {
		keepRun(t, file, "ircbus", perSecond)
	}
	keepRun(t, file, "ircbus", 1, "a line was lost")
	keepRun(t, file, "peer", 1_350_000)
	p := Plot{Results: []string{file}, Out: filepath.Join(dir, "out")}
	if err := p.Run(&Env{Stdout: io.Discard}); err != nil {
		t.Fatal(err)
	}
	tables, err := os.ReadFile(filepath.Join(p.Out, "tables.md"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "| 1 publisher | 2.70 M/s | 1.35 M/s (0.5×) | `ircbus bench fanout` |"; !strings.Contains(string(tables), want) {
		t.Errorf("%q is not in\n%s", want, tables)
	}
	drawing, err := os.ReadFile(filepath.Join(p.Out, "fanout.svg"))
	if err != nil || !bytes.Contains(drawing, []byte("2.70 M/s")) {
		t.Errorf("%v\n%s", err, drawing)
	}
	if _, err := os.Stat(filepath.Join(p.Out, "backfill.svg")); err == nil {
		t.Error("something is drawn of which there is no result")
	}
}

// TestPlotBadFile: what is not a result is named with its line.
func TestPlotBadFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results")
	keepRun(t, file, "ircbus", 1)
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("nonsense\n")
	f.Close()
	err = (&Plot{Results: []string{file}, Out: t.TempDir()}).Run(&Env{Stdout: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "results:2") {
		t.Errorf("the error is %v", err)
	}
}

// TestIDReader: ids are found however the answer is cut, and must grow.
func TestIDReader(t *testing.T) {
	text := "id=7&page=first&comment=about+nothing\nid=8&page=x&note=an+id=3+within\nid=15&page=y&user=somebody\n"
	for size := 1; size <= len(text); size++ {
		r := &idReader{beginning: []byte(beginnings["qs"])}
		r.reset()
		for rest := []byte(text); len(rest) > 0; {
			n := min(size, len(rest))
			r.Write(rest[:n])
			rest = rest[n:]
		}
		r.flush()
		if r.count != 3 || r.last != 15 || r.disorder != nil || r.bytes != int64(len(text)) {
			t.Fatalf("in pieces of %d: %+v", size, r)
		}
	}
	r := &idReader{beginning: []byte(beginnings["ndjson"])}
	io.WriteString(r, `{"id":5,"at":"2026-11-20T10:00:00.123456Z"}`+"\n"+`{"id":5,"at":"2026-11-20T10:00:00.123456Z"}`+"\n")
	if r.disorder == nil {
		t.Error("a doubled event was not found")
	}
}
