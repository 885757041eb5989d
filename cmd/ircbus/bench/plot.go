package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/svg"
)

// Plot draws what other commands have measured.
type Plot struct {
	Results []string `arg:"" help:"Files that --results has written." placeholder:"FILE"`
	Out     string   `help:"Directory for the plots and tables.md." default:"." placeholder:"DIR"`
}

// Run writes an SVG for every question about which there are results, and all
// the tables in one file.
func (p *Plot) Run(env *Env) error {
	results, err := readResults(p.Results)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.Out, 0o777); err != nil {
		return err
	}
	tables := []byte(tablesHead(results))
	for i := range charts {
		drawn := charts[i].draw(results)
		if len(drawn.Groups) == 0 {
			continue
		}
		name := charts[i].name + ".svg"
		if err := os.WriteFile(filepath.Join(p.Out, name), drawn.Draw(), 0o666); err != nil {
			return err
		}
		tables = append(tables, charts[i].table(drawn)...)
		fmt.Fprintln(env.Stdout, filepath.Join(p.Out, name))
	}
	return os.WriteFile(filepath.Join(p.Out, "tables.md"), tables, 0o666)
}

// readResults reads all results that are not failures.
func readResults(names []string) (results []Result, err error) {
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for number := 1; lines.Scan(); number++ {
			var r Result
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				return nil, fmt.Errorf("%s:%d is not a result of ircbus bench: %w", name, number, err)
			}
			if len(r.Failures) == 0 {
				results = append(results, r)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(results) == 0 {
		return nil, fmt.Errorf("there is no result in %v", names)
	}
	return results, nil
}

// draw collects the chart's figures: the median of each server and case, the
// servers in the order in which they first appear.
func (c *chart) draw(results []Result) *svg.Chart {
	drawn := &svg.Chart{Title: c.title, Note: c.note, Unit: c.unit}
	for _, kind := range c.cases {
		g := svg.Group{Label: kind.label}
		for _, server := range servers(results) {
			if v, ok := kind.median(results, server, c.figure); ok {
				g.Bars = append(g.Bars, svg.Bar{Series: server, Value: v})
			}
		}
		if len(g.Bars) == 0 {
			continue
		}
		compare(g.Bars)
		drawn.Groups = append(drawn.Groups, g)
	}
	return drawn
}

// compare remarks how many times the first bar each other one is.
func compare(bars []svg.Bar) {
	for i := range bars[1:] {
		if bars[0].Value > 0 {
			bars[i+1].Remark = svg.Short(bars[i+1].Value/bars[0].Value) + "×"
		}
	}
}

func servers(results []Result) (names []string) {
	for i := range results {
		if !slices.Contains(names, results[i].Server) {
			names = append(names, results[i].Server)
		}
	}
	return names
}

// median is the median of a figure over the runs of one server; ok is false if
// there are none.
func (k *aCase) median(results []Result, server, figure string) (median float64, ok bool) {
	if k.figure != "" {
		figure = k.figure
	}
	var values []float64
	for i := range results {
		if r := &results[i]; r.Server == server && k.matches(r) {
			if v, ok := r.Figures.Get(figure); ok {
				values = append(values, v)
			}
		}
	}
	if len(values) == 0 {
		return 0, false
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 0 {
		return (values[middle-1] + values[middle]) / 2, true
	}
	return values[middle], true
}

func (k *aCase) matches(r *Result) bool {
	if r.Command != k.command {
		return false
	}
	for name, want := range k.with {
		if fmt.Sprint(r.Parameters[name]) != fmt.Sprint(want) {
			return false
		}
	}
	return true
}
