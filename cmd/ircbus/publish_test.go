package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/cmd/ircbus/bus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/history/sqlite"
	"github.com/ircbus/ircbus/ircd/account"
)

const publishPassword = "open sesame"

// publishBus is a bus with the publisher "wiki", whose password is in the
// environment.
func publishBus(t *testing.T) (b *bus.Bus, data string) {
	t.Helper()
	data = t.TempDir()
	accounts, err := account.Open(filepath.Join(data, bus.AccountsFile), account.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := accounts.Add(account.Account{Name: "wiki", Role: account.Publisher}, publishPassword); err != nil {
		t.Fatal(err)
	}
	b, err = bus.Start(context.Background(), bus.Config{
		Data: data, IRC: "127.0.0.1:0", HTTP: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Stop(context.Background()) })
	t.Setenv("IRCBUS_PASSWORD", publishPassword)
	t.Setenv("IRCBUS_ACCOUNT", "wiki")
	return b, data
}

// ways are the two ways to publish on a bus.
func ways(b *bus.Bus) map[string][]string {
	return map[string][]string{
		"irc":  {"publish", "--irc", b.IRCAddr()},
		"http": {"publish", "--url", "http://" + b.HTTPAddr()},
	}
}

func invokeWith(ctx context.Context, stdin io.Reader, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(ctx, args, stdin, &out, &errs)
	return code, out.String(), errs.String()
}

// storedPages stops the bus and returns the field "page" of all events.
func storedPages(t *testing.T, b *bus.Bus, data string) (pages []string) {
	t.Helper()
	if err := b.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(data, bus.EventsFile), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	err = store.Range(t.Context(), history.Query{}, func(e *ircbus.Event) error {
		pages = append(pages, e.Fields.Get("page"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func TestPublishOne(t *testing.T) {
	b, _ := publishBus(t)
	want := 1
	for name, way := range ways(b) {
		t.Run(name, func(t *testing.T) {
			code, out, errs := invokeWith(t.Context(), nil, append(way, "page=פתיחה", "comment=a=b & c")...)
			if code != exitDone || out != fmt.Sprintln(want) || errs != "" {
				t.Errorf("code %d, stdout %q, stderr %q, want id %d", code, out, errs, want)
			}
			want++
			for _, repeat := range []bool{false, true} {
				code, out, errs = invokeWith(t.Context(), nil, append(way, "--json", "page=B", "key="+name)...)
				wantOut := fmt.Sprintf(`{"id":%d,"key":%q,"duplicate":%v}`+"\n", want, name, repeat)
				if code != exitDone || errs != "" || out != wantOut {
					t.Errorf("code %d, stdout %q, stderr %q, want %s", code, out, errs, wantOut)
				}
			}
			want++
		})
	}
}

func TestPublishLines(t *testing.T) {
	for _, name := range []string{"irc", "http"} {
		t.Run(name, func(t *testing.T) {
			b, data := publishBus(t)
			in := "{\"page\":\"A\"}\n\npage=x&y=%zz\npage=B\r\n{\"id\":1}\n{\"page\":\npage=C&comment=" +
				strings.Repeat("long+", 500) + "\n" + strings.Repeat("x", maxInputLine+1) + "\n{\"page\":\"D\"}"
			code, out, errs := invokeWith(t.Context(), strings.NewReader(in), ways(b)[name]...)
			if code != exitFailed || out != "1\n2\n3\n4\n" {
				t.Errorf("code %d, stdout %q, want 1 and four ids", code, out)
			}
			var lines []string
			for line := range strings.Lines(errs) {
				lines = append(lines, strings.Join(strings.Fields(line)[1:3], " "))
			}
			slices.Sort(lines)
			if diff := cmp.Diff([]string{"4 of", "line 3:", "line 5:", "line 6:", "line 8:"}, lines); diff != "" {
				t.Errorf("stderr %q: %s", errs, diff)
			}
			if diff := cmp.Diff([]string{"A", "B", "C", "D"}, storedPages(t, b, data)); diff != "" {
				t.Errorf("stored: %s", diff)
			}
		})
	}
}

func TestPublishThousands(t *testing.T) {
	for _, name := range []string{"irc", "http"} {
		t.Run(name, func(t *testing.T) {
			b, data := publishBus(t)
			var in strings.Builder
			var want []string
			for i := range 3000 {
				want = append(want, fmt.Sprint("P", i))
				fmt.Fprintf(&in, "page=P%d\n", i)
			}
			code, out, errs := invokeWith(t.Context(), strings.NewReader(in.String()), ways(b)[name]...)
			if code != exitDone || strings.Count(out, "\n") != 3000 || errs != "" {
				t.Errorf("code %d, %d ids, stderr %q", code, strings.Count(out, "\n"), errs)
			}
			if diff := cmp.Diff(want, storedPages(t, b, data)); diff != "" {
				t.Errorf("stored: %s", diff)
			}
		})
	}
}

func TestPublishRefused(t *testing.T) {
	b, _ := publishBus(t)
	for name, way := range ways(b) {
		t.Run(name, func(t *testing.T) {
			code, out, errs := invokeWith(t.Context(), strings.NewReader("page=A\n"), append(way, "--channel", "other")...)
			if code != exitFailed || out != "" || !strings.Contains(errs, "line 1: ") {
				t.Errorf("another's channel: code %d, stdout %q, stderr %q", code, out, errs)
			}
			t.Setenv("IRCBUS_PASSWORD", "close sesame")
			code, out, errs = invokeWith(t.Context(), nil, append(way, "page=A")...)
			if code != exitFailed || out != "" || strings.Count(errs, "\n") != 1 || strings.Contains(errs, "sesame") {
				t.Errorf("wrong password: code %d, stdout %q, stderr %q", code, out, errs)
			}
		})
	}
}

// TestPublishInterrupted ends the command while its input is still open.
func TestPublishInterrupted(t *testing.T) {
	b, data := publishBus(t)
	for name, way := range ways(b) {
		t.Run(name, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			stdin, feed := io.Pipe()
			defer feed.Close()
			ids, out := io.Pipe()
			go func() {
				fmt.Fprintln(feed, "page="+name)
				bufio.NewReader(ids).ReadString('\n')
				interrupt()
			}()
			var errs bytes.Buffer
			if code := run(ctx, way, stdin, out, &errs); code != exitFailed || !strings.Contains(errs.String(), "interrupted after 1 ") {
				t.Errorf("code %d, stderr %q", code, errs.String())
			}
		})
	}
	if n := len(storedPages(t, b, data)); n != 2 {
		t.Errorf("%d events stored, want 2", n)
	}
}

func TestPublishSpool(t *testing.T) {
	b, data := publishBus(t)
	spool := filepath.Join(t.TempDir(), "spool")
	away := []string{"publish", "--irc", "127.0.0.1:1", "--spool", spool}
	for _, in := range []string{"page=1\n", strings.Repeat("page=2\n", 1000)} {
		code, out, errs := invokeWith(t.Context(), strings.NewReader(in), away...)
		if code != exitDone || out != "" || !strings.Contains(errs, spool) {
			t.Errorf("with the bus away: code %d, stdout %q, stderr %q", code, out, errs)
		}
	}
	code, out, errs := invokeWith(t.Context(), nil, append(ways(b)["irc"], "--spool", spool, "page=3")...)
	if code != exitDone || out != "1002\n" || errs != "" {
		t.Errorf("with the bus there: code %d, stdout %q, stderr %q", code, out, errs)
	}
	want := append(append([]string{"1"}, slices.Repeat([]string{"2"}, 1000)...), "3")
	if diff := cmp.Diff(want, storedPages(t, b, data)); diff != "" {
		t.Errorf("stored: %s", diff)
	}
}

func TestPublishUsage(t *testing.T) {
	dir := t.TempDir()
	open, empty := filepath.Join(dir, "open"), filepath.Join(dir, "empty")
	if err := errors.Join(os.WriteFile(open, []byte("x\n"), 0o600), os.Chmod(open, 0o640), os.WriteFile(empty, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("IRCBUS_TOKEN", "token")
	for _, tt := range []struct {
		args string
		code int
		says string
	}{
		{"page", exitUsage, "FIELD=VALUE"},
		{"id=1", exitUsage, "reserved"},
		{"page=x", exitUsage, "--account"},
		{"--account wiki --irc http://x page=x", exitUsage, "--irc"},
		{"--url ftp://x page=x", exitUsage, "--url"},
		{"--url http://127.0.0.1:1 --spool x page=x", exitUsage, "--spool"},
		{"--timeout 0s page=x", exitUsage, "--timeout"},
		{"--url http://127.0.0.1:1 page=x", exitFailed, "refused"},
		{"--account wiki --irc 127.0.0.1:1 page=x", exitFailed, "refused"},
		{"--password-file " + open + " page=x", exitFailed, "chmod 600"},
		{"--password-file " + empty + " page=x", exitFailed, "first line"},
	} {
		code, out, errs := invokeWith(t.Context(), nil, append([]string{"publish"}, strings.Fields(tt.args)...)...)
		if code != tt.code || !strings.Contains(errs, tt.says) || strings.Count(errs, "\n") != 1 || out != "" {
			t.Errorf("publish %s: code %d, stdout %q, stderr %q; want %d and %q", tt.args, code, out, errs, tt.code, tt.says)
		}
	}
}

// FuzzParseInputs feeds any bytes: every input is an event or an error, never
// both, and the line numbers rise.
func FuzzParseInputs(f *testing.F) {
	f.Add([]byte("page=A&b=c\n{\"page\":\"B\"}\r\n\n \n"))
	f.Add([]byte("{\n\x00\n=\n&&\n{\"a\":{\"b\":[1,true,null]}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		last := 0
		for in := range parseInputs(bytes.NewReader(data)) {
			if in.line <= last || in.line > bytes.Count(data, []byte("\n"))+1 {
				t.Fatalf("line %d after %d", in.line, last)
			}
			if last = in.line; (in.err == nil) == (len(in.fields) == 0) {
				t.Fatalf("line %d: fields %q, error %v", in.line, in.fields, in.err)
			}
		}
	})
}
