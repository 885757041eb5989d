package bus

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// TestRestoreReadsOn: a bus that is restored reads on where it was when the backup
// was made: what a wiki wrote later is published, nothing twice and nothing lost.
func TestRestoreReadsOn(t *testing.T) {
	c := quiet(t)
	wiki := t.TempDir()
	c.Moin = Moin{Wikis: map[string]string{"moin": wiki}}
	written := 0
	write := func(lines int) {
		t.Helper()
		for range lines {
			appendEdit(t, wiki, fmt.Sprintf("%d\t00000001\tSAVE\tP%d\t127.0.0.1\tanna.example\t\t\t\n", 1795199808313016+written, written))
			written++
		}
	}
	write(1) // was there before, and is not published
	b := startBus(t, c)
	has := func(n int) func() bool {
		return func() bool {
			bounds, err := b.store.Bounds(t.Context())
			return err == nil && bounds.Head == ircbus.ID(n)
		}
	}
	write(3)
	waitFor(t, "what was written before the backup", has(3))
	file := filepath.Join(t.TempDir(), "bus.tar")
	if err := Backup(t.Context(), c.Data, file); err != nil {
		t.Fatal(err)
	}
	write(3)
	waitFor(t, "what was written after it", has(6))
	stopBus(t, b)

	c.Data = t.TempDir()
	if out, err := exec.Command("tar", "-xf", file, "-C", c.Data).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	b = startBus(t, c)
	waitFor(t, "what the backup does not have", has(6))
	n := 0
	err := b.store.Range(t.Context(), history.Query{}, func(e *ircbus.Event) error {
		n++
		if want := fmt.Sprint("P", n); e.Fields.Get("page") != want {
			return fmt.Errorf("event %d is %s, not of %s", e.ID, e.Fields.Encode(), want)
		}
		return nil
	})
	if err != nil || n != 6 {
		t.Errorf("%d events: %v", n, err)
	}
}
