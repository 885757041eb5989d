package subscriber

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzCursor: any file either is refused or says something that can be written
// again.
func FuzzCursor(f *testing.F) {
	f.Add([]byte(`{"id":                 123,"epoch":"abc","views":["#moin"]}` + "\n"))
	f.Add([]byte(`{"id":18446744073709551615,"epoch":"a\"b","views":null}`))
	f.Add([]byte(`{"id":-1,"epoch":"abc"}`))
	f.Add([]byte(`{}`))
	f.Add([]byte("\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parsePosition(data)
		if err != nil {
			return
		}
		again, err := parsePosition(p.encode())
		if err != nil || again.ID != p.ID || again.Epoch != p.Epoch || !slices.Equal(again.Views, p.Views) {
			t.Fatalf("%+v, then %+v, %v", p, again, err)
		}
	})
}

func TestCursorFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cursor")
	steps := []position{
		{0, "one", []string{"#a"}},
		{7, "one", []string{"#a"}},
		{1<<64 - 1, "one", []string{"#a"}},
		{3, "another", []string{"#a", "#b?page=x*"}},
		{4, "another", []string{"#a", "#b?page=x*"}},
	}
	for _, p := range steps {
		c, err := openCursor(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := openCursor(path); err == nil || !strings.Contains(err.Error(), "in use") {
			t.Errorf("opened twice: %v", err)
		}
		if err := c.save(p); err != nil {
			t.Fatal(err)
		}
		if _, err := openCursor(path); err == nil {
			t.Error("opened twice after a change")
		}
		// What a killed process leaves is what was saved, without close.
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found, err := parsePosition(data)
		if d := cmp.Diff(p, found); d != "" || err != nil {
			t.Errorf("%v %s", err, d)
		}
		if err := c.close(); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

// TestUnlockWhileForking: a closed cursor file can be opened again although child
// processes, which for a moment have all our files, are being started.
func TestUnlockWhileForking(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cursor")
	stop := make(chan struct{})
	var children sync.WaitGroup
	children.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				exec.Command("true").Run()
			}
		}
	})
	defer children.Wait()
	defer close(stop)
	for range 2000 {
		c, err := openCursor(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRemovedCursorFile: whoever deletes the file of a running follower gets a new one.
func TestRemovedCursorFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cursor")
	c, err := openCursor(path)
	if err != nil {
		t.Fatal(err)
	}
	for id := range 2 {
		if err := c.save(position{ID: 1, Epoch: "e", Views: []string{"#a"}}); err != nil {
			t.Fatal(err)
		}
		if id == 0 {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		c.dirty = true
		if err := c.sync(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	if c, err = openCursor(path); err != nil || !c.found || c.saved.ID != 1 {
		t.Fatalf("%+v, %v", c, err)
	}
	c.close()
}

func TestNotACursor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(path, []byte("buy milk\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openCursor(path); err == nil || !strings.Contains(err.Error(), "is not a cursor") {
		t.Error(err)
	}
	if data, _ := os.ReadFile(path); string(data) != "buy milk\n" {
		t.Errorf("the file now has %q", data)
	}
	if _, err := openCursor(t.TempDir()); err == nil {
		t.Error("a directory was taken for a cursor file")
	}
}

// TestForeignCursor: a position that somebody wrote by hand is taken and written
// anew; one with more in it than is known is left alone.
func TestForeignCursor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cursor")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"epoch": "e", "id": 7, "views": ["#a"]}`)
	c, err := openCursor(path)
	if err != nil {
		t.Fatal(err)
	}
	want := position{ID: 8, Epoch: "e", Views: []string{"#a"}}
	if err := c.save(want); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := parsePosition(data); err != nil || !cmp.Equal(got, want) {
		t.Errorf("the file has %q: %v", data, err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	const newer = `{"id":                   7,"epoch":"e","views":["#a"],"segments":[3]}` + "\n"
	write(newer)
	if _, err := openCursor(path); err == nil || !strings.Contains(err.Error(), "segments") {
		t.Errorf("a newer version's file: %v", err)
	}
	if data, _ := os.ReadFile(path); string(data) != newer {
		t.Errorf("the file now has %q", data)
	}
}

// TestCaseB10: an empty file has lost its position and is refused like other
// garbage; only one that does not exist begins anew, also after a start that never
// learned a position.
func TestCaseB10(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": "", "blank": "\n", "zeros": strings.Repeat("\x00", 60), "half": `{"id":         `} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openCursor(path); err == nil || !strings.Contains(err.Error(), path+" is not a cursor") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Symlink("target", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"new", "link"} {
		for range 2 {
			c, err := openCursor(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if c.found {
				t.Errorf("%s: a position was found", name)
			}
			if err := c.close(); err != nil {
				t.Error(err)
			}
		}
	}
}
