package bench

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/svg"
)

// tablesHead says where the results come from: of the newest of them.
func tablesHead(results []Result) string {
	e := results[len(results)-1].Environment
	return fmt.Sprintf("%d processors (%s), %s, %s. Medians of all runs.\n", e.Processors, e.Processor, e.Kernel, e.Go)
}

// table is a chart as a table in Markdown: a line for each case, a column for
// each server, and what repeats it.
func (c *chart) table(drawn *svg.Chart) string {
	var names []string
	for _, g := range drawn.Groups {
		for _, b := range g.Bars {
			if !slices.Contains(names, b.Series) {
				names = append(names, b.Series)
			}
		}
	}
	var t strings.Builder
	fmt.Fprintf(&t, "\n## %s\n\n%s\n\n![%[1]s](%[3]s.svg)\n\n| |", c.title, c.note, c.name)
	for _, name := range names {
		fmt.Fprintf(&t, " %s |", name)
	}
	fmt.Fprintf(&t, " repeat with |\n|---|%s---|\n", strings.Repeat("---:|", len(names)))
	for _, g := range drawn.Groups {
		fmt.Fprintf(&t, "| %s |", g.Label)
		for _, name := range names {
			fmt.Fprintf(&t, " %s |", cell(g, name, c.unit))
		}
		fmt.Fprintf(&t, " `ircbus bench %s` |\n", c.flags(g.Label))
	}
	return t.String()
}

// cell is a server's value in a group, with its ratio.
func cell(g svg.Group, name, unit string) string {
	for _, b := range g.Bars {
		if b.Series != name {
			continue
		}
		text := svg.Short(b.Value) + unit
		if b.Remark != "" {
			text += " (" + b.Remark + ")"
		}
		return text
	}
	return ""
}

// flags are those of the case of that label.
func (c *chart) flags(label string) string {
	for _, kind := range c.cases {
		if kind.label == label {
			return kind.flags
		}
	}
	return ""
}
