// Package svg draws the charts of ircbus bench plot: groups of horizontal bars, as
// text that is the same for the same figures, and readable on light and on dark
// ground.
package svg

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// Chart is one question and its answers.
type Chart struct {
	Title  string
	Note   string // under the title: what is measured, and whether more or less is better
	Unit   string // after every value: "/s", " µs"
	Groups []Group
}

// Group is the bars of one case.
type Group struct {
	Label string
	Bars  []Bar
}

// Bar is one value. Bars of one series have one colour in all groups.
type Bar struct {
	Series string
	Value  float64
	Remark string // after the value: a ratio, perhaps
}

// Measures of the drawing, in pixels.
const (
	width       = 840
	left        = 270 // where bars begin
	right       = 170 // kept free for values
	barHeight   = 18
	barGap      = 4
	groupGap    = 16
	top         = 64
	charWidth   = 6.4 // of small text, about
	cornerRound = 2
)

// style has neutral colours; the first series stands out.
const style = `
  text { font: 12px system-ui, sans-serif; fill: #333 }
  .title { font-size: 16px; font-weight: 600 }
  .note, .remark { fill: #777 }
  .label { font-weight: 600 }
  .axis { stroke: #bbb }
  .s0 { fill: #2b6cb0 } .s1 { fill: #8f9aa6 } .s2 { fill: #b9a48a } .s3 { fill: #7fa08c } .s4 { fill: #a58fb0 } .s5 { fill: #c0c4c8 }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .note, .remark { fill: #999 } .axis { stroke: #555 }
    .s0 { fill: #63a4e8 } .s1 { fill: #77828e } .s2 { fill: #9a866c } .s3 { fill: #668a75 } .s4 { fill: #8c7598 } .s5 { fill: #5d6166 }
  }
`

// Draw returns the chart as an SVG document.
func (c *Chart) Draw() []byte {
	d := drawing{colours: map[string]int{}, most: c.most()}
	y := top
	for _, g := range c.Groups {
		y = d.group(c, g, y) + groupGap
	}
	height := y
	var out bytes.Buffer
	fmt.Fprintf(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %[1]d %[2]d\" role=\"img\" aria-label=\"%s\">\n",
		width, height, escape(c.Title))
	fmt.Fprintf(&out, "<style>%s</style>\n", style)
	fmt.Fprintf(&out, "<text class=\"title\" x=\"16\" y=\"28\">%s</text>\n<text class=\"note\" x=\"16\" y=\"48\">%s</text>\n", escape(c.Title), escape(c.Note))
	out.Write(d.body.Bytes())
	fmt.Fprintf(&out, "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%[1]d\" y2=\"%[3]d\"/>\n</svg>\n", left, top-6, height-groupGap+6)
	return out.Bytes()
}

// most is the largest value, to which the others are drawn.
func (c *Chart) most() (most float64) {
	for _, g := range c.Groups {
		for _, b := range g.Bars {
			most = max(most, b.Value)
		}
	}
	return most
}

// drawing is a chart that is being drawn.
type drawing struct {
	body    bytes.Buffer
	colours map[string]int // by series, in the order of appearance
	most    float64
}

// group draws a group from y on and returns where it ends.
func (d *drawing) group(c *Chart, g Group, y int) int {
	fmt.Fprintf(&d.body, "<text class=\"label\" x=\"16\" y=\"%d\">%s</text>\n", y+13, escape(g.Label))
	for _, b := range g.Bars {
		d.bar(b, c.Unit, y)
		y += barHeight + barGap
	}
	return y - barGap
}

func (d *drawing) bar(b Bar, unit string, y int) {
	colour, known := d.colours[b.Series]
	if !known {
		colour = len(d.colours)
		d.colours[b.Series] = colour
	}
	long := 0.0
	if d.most > 0 {
		long = max(b.Value/d.most*(width-left-right), 1)
	}
	fmt.Fprintf(&d.body, "<rect class=\"s%d\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"%d\"/>\n",
		min(colour, 5), left, y, long, barHeight, cornerRound)
	fmt.Fprintf(&d.body, "<text class=\"note\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left-8, y+13, escape(b.Series))
	value := Short(b.Value) + unit
	at := left + long + 8
	fmt.Fprintf(&d.body, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", at, y+13, escape(value))
	if b.Remark != "" {
		fmt.Fprintf(&d.body, "<text class=\"remark\" x=\"%.1f\" y=\"%d\">%s</text>\n",
			at+charWidth*float64(len([]rune(value))+2), y+13, escape(b.Remark))
	}
}

// Short is a number with three digits that count: 1.39 M, 812 k, 0.72.
func Short(v float64) string {
	for _, scale := range []struct {
		by   float64
		name string
	}{{1e9, " G"}, {1e6, " M"}, {1e4, " k"}} {
		if v >= scale.by*0.9995 {
			by := scale.by
			if scale.name == " k" {
				by = 1e3
			}
			return digits(v/by) + scale.name
		}
	}
	return digits(v)
}

func digits(v float64) string {
	decimals := 0
	switch {
	case v < 0.9995:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case v < 9.995:
		decimals = 2
	case v < 99.95:
		decimals = 1
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s))
	return b.String()
}
