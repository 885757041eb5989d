package bus

import (
	"os"
	"path/filepath"
	"testing"
)

// TestMoinDoor: a line that a wiki writes is published, once, by its publisher,
// over a restart of the bus.
func TestMoinDoor(t *testing.T) {
	c := quiet(t)
	data := t.TempDir()
	c.Moin = Moin{Wikis: map[string]string{"moinmaster": data}}
	c.Publishers = map[string]Publisher{"moinmaster": {TextStyle: "plain"}}
	write := func(line string) {
		t.Helper()
		log, err := os.OpenFile(filepath.Join(data, "edit-log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		if _, err := log.WriteString(line); err != nil {
			t.Fatal(err)
		}
	}
	write("1795199808313016\t00000001\tSAVENEW\tOld\t\t\t\t\t\n")
	b := startBus(t, c)
	stopBus(t, b)
	write("1795199809829009\t00000001\tSAVENEW\t(d7a2d79ed795d793)\t127.0.0.1\tanna.example\t\t\tחדש\n")
	for range 2 { // the second time it is there already
		b = startBus(t, c)
		waitFor(t, "the event", func() bool {
			bounds, err := b.store.Bounds(t.Context())
			return err == nil && bounds.Head > 0
		})
		if line := firstLine(t, b); line != "עמוד — SAVENEW by anna.example: חדש" {
			t.Errorf("the readable line is %q", line)
		}
		if wiki := b.directory.wikis()[0]; wiki.Publisher != "moinmaster" || wiki.Engine != "moin-1.9" {
			t.Errorf("%+v", wiki)
		}
		if r := b.doors[0].in.Report(); r.Stored+r.Duplicates > 1 {
			t.Errorf("%+v", r)
		}
		stopBus(t, b)
	}
}
