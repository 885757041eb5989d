package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestBackup copies a running bus, restores the copy, and finds the same events
// under another epoch.
func TestBackup(t *testing.T) {
	dir := t.TempDir()
	data, file, restored := filepath.Join(dir, "data"), filepath.Join(dir, "bus.tar"), filepath.Join(dir, "restored")
	p := launch(t, "demo", "--data", data, "--irc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--pace", "1h")
	p.until("ready")
	code, out, errs := invoke(t, "--data", data, "backup", file)
	if code != exitDone || out+errs != "" {
		t.Fatalf("code %d, %q %q", code, out, errs)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if code, _, errs := invoke(t, "--data", data, "backup", file); code != exitFailed || !strings.Contains(errs, "there already") {
		t.Errorf("code %d, %q", code, errs)
	}
	if code, out, errs := invoke(t, "--data", data, "check"); code != exitDone || !strings.Contains(out, "60 events, ids 1 to 60, 0 problems") {
		t.Errorf("code %d, %q %q", code, out, errs)
	}
	if err := os.Mkdir(restored, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("tar", "-xf", file, "-C", restored).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	again := launch(t, "serve", "--data", restored, "--irc", "127.0.0.1:0", "--http", "127.0.0.1:0")
	again.until("ready")
	before, after := changes(t, p), changes(t, again)
	if before.Head != 60 || after.Head != 60 || len(after.Events) != 60 || before.Epoch == after.Epoch {
		t.Errorf("before: %+v\nafter: %+v", before, after)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("the backup left %v, %v", entries, err)
	}
	p.end(syscall.SIGTERM)
	if code := again.end(syscall.SIGTERM); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	if code, _, errs := invoke(t, "--data", filepath.Join(dir, "none"), "backup", filepath.Join(dir, "x")); code != exitFailed || !strings.Contains(errs, "no bus has run") {
		t.Errorf("code %d, %q", code, errs)
	}
	if err := os.WriteFile(filepath.Join(restored, "wikis.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := invoke(t, "--data", restored, "--json", "check"); code != exitFailed || !strings.Contains(out, `"problems":["`) || !strings.Contains(errs, "wikis.json") {
		t.Errorf("code %d, %q %q", code, out, errs)
	}
}

// TestCheckDamage: a database with a hole in it is reported, not passed over.
func TestCheckDamage(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p := launch(t, "demo", "--data", data, "--irc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--pace", "1h")
	p.until("ready")
	p.end(syscall.SIGTERM)
	events, err := os.OpenFile(filepath.Join(data, "events.db"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := events.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := events.WriteAt(make([]byte, info.Size()-4096), 4096); err != nil {
		t.Fatal(err)
	}
	if err := events.Close(); err != nil {
		t.Fatal(err)
	}
	code, out, errs := invoke(t, "--data", data, "--json", "check")
	if code != exitFailed || !strings.Contains(out, `"problems":["`) || !strings.Contains(errs, "the data directory is damaged: ") {
		t.Errorf("code %d, %q %q", code, out, errs)
	}
}

type answer struct {
	Epoch  string            `json:"epoch"`
	Head   int               `json:"head"`
	Events []json.RawMessage `json:"events"`
}

func changes(t *testing.T, p *process) answer {
	t.Helper()
	base := regexp.MustCompile(`http://[0-9.:]+`).FindString(p.output())
	response, err := http.Get(base + "/changes?from=-1h&format=json")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return a
}
