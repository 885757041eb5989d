package main

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bus"
	"github.com/ircbus/ircbus/ircd/account"
)

// TestDoorsCommand: an operator sees each open door with what came through it.
func TestDoorsCommand(t *testing.T) {
	data := t.TempDir()
	accounts, err := account.Open(filepath.Join(data, bus.AccountsFile), account.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, role := range map[string]account.Role{"root": account.Operator, "anna": account.User} {
		if err := accounts.Add(account.Account{Name: name, Role: role}, publishPassword); err != nil {
			t.Fatal(err)
		}
	}
	b, err := bus.Start(context.Background(), bus.Config{
		Data: data, HTTP: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler),
		MediaWiki: bus.MediaWiki{Listen: "127.0.0.1:0", Names: []string{"*"}},
		Poll:      map[string]bus.Poll{"away": {URL: "http://127.0.0.1:1/feed", Every: bus.Age(time.Second)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Stop(context.Background()) })
	t.Setenv("IRCBUS_PASSWORD", publishPassword)
	_, where, _ := strings.Cut(b.Doors()[0].Listens[0], " ")
	wiki, err := net.Dial("udp", where)
	if err != nil {
		t.Fatal(err)
	}
	defer wiki.Close()
	for _, packet := range []string{`{"id":1,"type":"edit","title":"A","wiki":"one"}`, "\x1b[2J"} {
		if _, err := wiki.Write([]byte(packet)); err != nil {
			t.Fatal(err)
		}
	}
	show := func(args ...string) (int, string, string) {
		return invoke(t, append([]string{"doors", "--url", "http://" + b.HTTPAddr()}, args...)...)
	}
	deadline := time.Now().Add(patience)
	for {
		code, out, errs := show("--account", "root")
		if code != 0 {
			t.Fatal(errs)
		}
		if strings.Contains(out, "received 2, stored 1, duplicates 0, for people 0, refused 1 (malformed 1), lost 0\n") && strings.Contains(out, "last trouble") {
			for _, want := range []string{"mediawiki  udp " + where + "\n", "  last event 1 in #one at ", `(malformed, from "127.0.0.1"): "the packet is neither`,
				"poll.away  asks http://127.0.0.1:1/feed every 1s\n", `: a wiki cannot be polled: "http://127.0.0.1:1/feed: dial tcp`} {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in %q", want, out)
				}
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(out)
		}
	}
	if code, out, _ := show("--account", "root", "--json"); code != 0 || !strings.HasPrefix(out, `{"doors":[{"door":"mediawiki","received":2,`) {
		t.Errorf("exit code %d, %q", code, out)
	}
	if code, out, errs := show("--account", "anna"); code != exitFailed || out != "" || !strings.Contains(errs, "only operators") {
		t.Errorf("exit code %d, %q, %q", code, out, errs)
	}
}
