package bench

import (
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// Result is the result of one run, as it is kept in files.
type Result struct {
	Command     string         `json:"command"` // fanout, idle, …
	Server      string         `json:"server"`  // name and version
	Time        time.Time      `json:"time"`
	Parameters  map[string]any `json:"parameters"`
	Figures     Figures        `json:"figures"`
	Environment Environment    `json:"environment"`
	Notes       []string       `json:"notes,omitempty"`    // what to know when reading the figures
	Failures    []string       `json:"failures,omitempty"` // what was not as it must be
}

// Figures are measured numbers in the order of the table.
type Figures []Figure

// Figure is one number. The name ends in its unit: _per_s, _us, _ms, _s, _kB, _MB,
// _cores, _percent, or it is a count.
type Figure struct {
	Name  string
	Value float64
}

// Environment is where a run took place.
type Environment struct {
	Processors int    `json:"processors"`
	Processor  string `json:"processor,omitempty"`
	Kernel     string `json:"kernel"`
	Go         string `json:"go"`
}

func environment() Environment {
	return Environment{runtime.NumCPU(), processor(), kernel(), runtime.Version()}
}

// complete fills in what is the same for all runs.
func (r *Result) complete() {
	r.Time = time.Now().UTC().Truncate(time.Second)
	r.Environment = environment()
}

// add adds a figure, rounded to four digits that count.
func (r *Result) add(name string, value float64) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(value, 'g', 4, 64), 64)
	r.Figures = append(r.Figures, Figure{name, rounded})
}

// addLatency adds the percentiles of a histogram.
func (r *Result) addLatency(prefix string, h *load.Histogram) {
	if h.Count() == 0 {
		return
	}
	for _, p := range []struct {
		name  string
		value time.Duration
	}{{"p50", h.Quantile(.5)}, {"p90", h.Quantile(.9)}, {"p99", h.Quantile(.99)}, {"max", h.Max()}} {
		r.add(prefix+p.name+"_ms", milliseconds(p.value))
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// note adds a sentence that one must know when reading the figures.
func (r *Result) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// Get returns a figure; ok is false if the run has none of that name.
func (f Figures) Get(name string) (value float64, ok bool) {
	for _, figure := range f {
		if figure.Name == name {
			return figure.Value, true
		}
	}
	return 0, false
}

// MarshalJSON writes the figures as one object, in their order.
func (f Figures) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, figure := range f {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(figure.Name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s:%s", name, strconv.FormatFloat(figure.Value, 'f', -1, 64))
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// UnmarshalJSON reads what MarshalJSON has written, by name.
func (f *Figures) UnmarshalJSON(text []byte) error {
	var byName map[string]float64
	if err := json.Unmarshal(text, &byName); err != nil {
		return err
	}
	*f = nil
	for name, value := range byName {
		*f = append(*f, Figure{name, value})
	}
	return nil
}
