package svg

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the golden file")

// TestDraw: the drawing is that of the golden file, byte for byte.
func TestDraw(t *testing.T) {
	c := Chart{Title: "Deliveries & more", Note: "more is better", Unit: "/s", Groups: []Group{
		{Label: "1 <publisher>", Bars: []Bar{{Series: "ircbus", Value: 2_816_400}, {Series: "other", Value: 1_391_000, Remark: "0.49×"}}},
		{Label: "10 publishers", Bars: []Bar{{Series: "ircbus", Value: 0}, {Series: "third", Value: 81_234, Remark: "none"}}},
	}}
	got := c.Draw()
	if *update {
		if err := os.WriteFile("testdata/bars.svg", got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/bars.svg")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("go test -update writes what is drawn now:\n%s", got)
	}
	for d := xml.NewDecoder(bytes.NewReader(got)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestEmptyChart(t *testing.T) {
	if got := (&Chart{}).Draw(); !bytes.HasSuffix(got, []byte("</svg>\n")) {
		t.Errorf("%s", got)
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.0724: "0.0724", 0.72: "0.72", 1: "1.00", 9.994: "9.99", 9.996: "10.0", 78.04: "78.0", 812: "812", 1234: "1234",
		9_994: "9994", 10_000: "10.0 k", 812_345: "812 k", 999_999: "1.00 M", 1_391_000: "1.39 M", 2.5e9: "2.50 G",
	} {
		if got := Short(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}
