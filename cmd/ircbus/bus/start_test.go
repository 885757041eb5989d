package bus

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// TestStartErrors: each failure is one sentence that names what is wrong and
// what to do, and leaves nothing open.
func TestStartErrors(t *testing.T) {
	running := quiet(t)
	b := startBus(t, running)
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("this is not a database, and long enough to have a header that can be read"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func(*Config)
		says   []string
	}{
		{"no directory", func(c *Config) { c.Data = "" }, []string{"data", "must be given"}},
		{"second process", func(c *Config) { c.Data = running.Data }, []string{running.Data, "in use", "process", "--data"}},
		{"data is a file", func(c *Config) { c.Data = file }, []string{file, "--data"}},
		{"data under a file", func(c *Config) { c.Data = filepath.Join(file, "data") }, []string{file, "--data"}},
		{"IRC port in use", func(c *Config) { c.IRC = Addresses(b.IRCAddr()) }, []string{b.IRCAddr(), "already listens", "--irc"}},
		{"HTTP port in use", func(c *Config) { c.HTTP = Addresses(b.HTTPAddr()) }, []string{b.HTTPAddr(), "already listens", "--http"}},
		{"UDP port in use", func(c *Config) {
			c.MediaWiki = MediaWiki{Listen: Addresses(taken.LocalAddr().String()), Names: []string{"*"}}
		}, []string{taken.LocalAddr().String(), "already listens", "mediawiki.listen"}},
		{"not our address", func(c *Config) { c.IRC = "192.0.2.1:0" }, []string{"192.0.2.1", "does not have the address"}},
		{"TLS without certificate", func(c *Config) { c.IRCTLS = "127.0.0.1:0" }, []string{"--cert and --key"}},
		{"foreign database", func(c *Config) { copyFile(t, file, filepath.Join(c.Data, EventsFile)) }, []string{EventsFile, "not a database"}},
		{"damaged accounts", func(c *Config) { copyFile(t, file, filepath.Join(c.Data, AccountsFile)) }, []string{AccountsFile}},
		{"damaged read markers", func(c *Config) { copyFile(t, file, filepath.Join(c.Data, MarkersFile)) }, []string{MarkersFile, "damaged", "remove it"}},
		{"damaged descriptions", func(c *Config) { copyFile(t, file, filepath.Join(c.Data, WikisFile)) }, []string{WikisFile, "damaged", "remove it"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := quiet(t)
			test.change(&c)
			b, err := Start(t.Context(), c)
			if err == nil {
				stopBus(t, b)
				t.Fatal("it started")
			}
			for _, want := range test.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is not one line", err)
			}
			if c.Data == running.Data || c.Data == "" || strings.HasPrefix(c.Data, file) {
				return
			}
			lock, err := lockData(c.Data)
			if err != nil {
				t.Fatalf("the directory is still locked: %v", err)
			}
			lock.Close()
		})
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestDataDirectory: it is made for its owner alone.
func TestDataDirectory(t *testing.T) {
	c := quiet(t)
	c.Data = filepath.Join(c.Data, "deep", "data")
	startBus(t, c)
	info, err := os.Stat(c.Data)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Error(info.Mode(), err)
	}
}

// TestDescriptionsAreReplaced: the file of descriptions is whole at any time, and
// what a crash left half-written does no harm.
func TestDescriptionsAreReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), WikisFile)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new"), []byte(strings.Repeat("half", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two"} {
		d, err := openDescriptions(path)
		if err != nil {
			t.Fatal(err)
		}
		if changed, err := d.put(ircbus.Wiki{Publisher: "moin", Name: name}); !changed || err != nil {
			t.Fatal(changed, err)
		}
	}
	d, err := openDescriptions(path)
	if err != nil || d.get("moin").Name != "two" {
		t.Error(d, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Error(left, err)
	}
}

// TestAbsentPublishers: sections about nobody are named in the log, at the start
// and at a reload; those that the MediaWiki door may fill are not.
func TestAbsentPublishers(t *testing.T) {
	var log strings.Builder
	c := quiet(t)
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	c.Publishers = map[string]Publisher{"moinn": {}, "enwiki": {}}
	c.Retention = map[string]Retention{"*": {}, "#moinn": {MaxCount: 1}, "#enwiki": {MaxCount: 1}}
	c.MediaWiki = MediaWiki{Listen: "127.0.0.1:0", Names: []string{"en*"}}
	b, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	c.Publishers["later"] = Publisher{}
	if err := b.Reload(c); err != nil {
		t.Error(err)
	}
	stopBus(t, b) // nobody writes to the log any more
	for section, times := range map[string]int{
		"publisher.moinn": 2, "retention.#moinn": 2, "publisher.later": 1, "enwiki": 0, "retention.*": 0,
	} {
		if n := strings.Count(log.String(), section); n != times {
			t.Errorf("%s is named %d times, not %d:\n%s", section, n, times, log.String())
		}
	}
}

// TestNothingListens: a bus without addresses is a bus.
func TestNothingListens(t *testing.T) {
	b := startBus(t, Config{Data: t.TempDir()})
	if b.IRCAddr()+b.IRCTLSAddr()+b.HTTPAddr()+b.HTTPTLSAddr()+b.URL() != "" || len(b.Doors()) != 0 {
		t.Error("there is an address")
	}
}

// TestStartCancelled: a start that is cancelled leaves nothing behind.
func TestStartCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := quiet(t)
	if b, err := Start(ctx, c); err == nil {
		stopBus(t, b)
	}
	startBus(t, c)
}

// BenchmarkStart measures from nothing to listening, and how long a start over
// an existing data directory takes.
func BenchmarkStart(b *testing.B) {
	for _, fresh := range []bool{true, false} {
		name := "existing"
		if fresh {
			name = "fresh"
		}
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			for i := 0; b.Loop(); i++ {
				data := dir
				if fresh {
					data = filepath.Join(dir, "data"+time.Duration(i).String())
				}
				bus, err := Start(b.Context(), Config{Data: data, IRC: "127.0.0.1:0", HTTP: "127.0.0.1:0"})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := bus.Stop(context.Background()); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
