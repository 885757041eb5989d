package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ircbus/ircbus/cmd/ircbus/bus"
	"github.com/ircbus/ircbus/ircd/account"
)

// TestMail: what procmail sees of ircbus mail, over the socket and over HTTP.
func TestMail(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "mail") // t.TempDir is too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	b, err := bus.Start(context.Background(), bus.Config{
		Data: t.TempDir(), HTTP: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler),
		Mail: bus.Mail{Socket: socket, HTTP: true, People: map[string]string{me.Username: "anna"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Stop(context.Background()) })
	if err := b.Accounts().Add(account.Account{Name: "anna", Role: account.User}, publishPassword); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(dir, "token")
	if err := os.WriteFile(secret, []byte(publishPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const letter = "From anna Fri Nov 20 18:26:57 2026\nFrom: bert@example.org\nSubject: Lunch?\n\n..\n.\nbody\n"
	for _, test := range []struct {
		name, mail string
		args       []string
		code       int
		says       string
	}{
		{"own", letter, []string{"--socket", socket}, exitDone, ""},
		{"another's", letter, []string{"--socket", socket, "--to", "bert"}, exitFailed, "no account of the bus"},
		{"no mail", "hello\n", []string{"--socket", socket}, exitFailed, "it has no header"},
		{"bus away", letter, []string{"--socket", socket + "x"}, exitLater, "does not answer on its socket"},
		{"by HTTP", letter, []string{"--url", b.URL(), "--account", "anna", "--password-file", secret}, exitDone, ""},
		{"wrong account", letter, []string{"--url", b.URL(), "--account", "bert", "--password-file", secret}, exitFailed, "password or token is wrong"},
		{"bus away by HTTP", letter, []string{"--url", "http://127.0.0.1:1", "--account", "anna", "--password-file", secret}, exitLater, "cannot reach the bus"},
		{"mixed", letter, []string{"--url", b.URL(), "--to", "anna", "--account", "anna", "--password-file", secret}, exitUsage, "--to goes with --socket"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), append([]string{"mail"}, test.args...), strings.NewReader(test.mail), &stdout, &stderr)
			if code != test.code || !strings.Contains(stderr.String(), test.says) || stdout.Len() > 0 {
				t.Errorf("code %d, want %d; %s", code, test.code, stderr.String())
			}
		})
	}
}
