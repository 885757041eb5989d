package bench

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// print shows the result to people, or as JSON.
func (r *Result) print(env *Env) error {
	if env.JSON {
		return json.NewEncoder(env.Stdout).Encode(r)
	}
	w := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\n", r.Command, r.Server)
	fmt.Fprintf(w, "parameters\t%s\n", r.parameters())
	for _, f := range r.Figures {
		name, unit := splitUnit(f.Name)
		fmt.Fprintf(w, "%s\t%s\n", name, strings.TrimSpace(readable(f.Value)+" "+unit))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(w, "note\t%s\n", note)
	}
	for _, failure := range r.Failures {
		fmt.Fprintf(w, "FAILED\t%s\n", failure)
	}
	return w.Flush()
}

// parameters are the parameters of the run in one line.
func (r *Result) parameters() string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(r.Parameters)) {
		words = append(words, fmt.Sprintf("%s=%v", name, r.Parameters[name]))
	}
	return strings.Join(words, " ")
}

// units are the ends of figures' names.
var units = []struct{ suffix, unit string }{
	{"_per_s", "/s"}, {"_us", "µs"}, {"_ms", "ms"}, {"_s", "s"}, {"_kB", "kB"}, {"_MB", "MB"},
	{"_percent", "%"}, {"_cores", "cores"},
}

// splitUnit is a figure's name in words, and its unit.
func splitUnit(name string) (words, unit string) {
	for _, u := range units {
		if stem, ok := strings.CutSuffix(name, u.suffix); ok {
			name, unit = stem, u.unit
			break
		}
	}
	return strings.ReplaceAll(name, "_", " "), unit
}

// readable is a number with its thousands apart.
func readable(v float64) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		return whole + "." + fraction
	}
	return whole
}
