package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]busAddress{
		"h": {http: "http://h:8667"}, "h:1": {http: "http://h:1"}, "::1": {http: "http://[::1]:8667"}, "[::1]:2": {http: "http://[::1]:2"},
		"https://h/bus/": {http: "https://h/bus"},
		"irc://h":        {irc: "h:6667"}, "ircs://h": {irc: "h:6697", tls: true}, "ircs://[::1]:7000/": {irc: "[::1]:7000", tls: true},
	} {
		if a, err := parseAddress("--server", text); err != nil || a != want {
			t.Errorf("%q is %+v, %v, want %+v", text, a, err, want)
		}
	}
	for _, text := range []string{"", "ftp://h", "http://", "http://u:p@h", "http://h?a=b", "irc://h/x", "h:99999", "h:x", "http://h:99999", "irc://h:x"} {
		if a, err := parseAddress("--server", text); err == nil || !strings.Contains(err.Error(), "not a bus's address") {
			t.Errorf("%q is %+v, %v", text, a, err)
		}
	}
}

// TestCaseE3: from another directory than the bus's, a command finds the bus by its
// configuration, and without it makes nothing.
func TestCaseE3(t *testing.T) {
	home, elsewhere := t.TempDir(), t.TempDir()
	config := filepath.Join(home, "ircbus.toml")
	text := "data = \"./ircbus-data\"\nirc = \"" + freeAddress(t) + "\"\nhttp = \"" + freeAddress(t) + "\"\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(home)
	bus := launch(t, "serve", "--config", config)
	bus.until("ready")
	t.Chdir(elsewhere)
	data := filepath.Join(home, "ircbus-data")
	for _, c := range []struct {
		args string
		code int
		out  string // what it says, on either stream
	}{
		{"account add mywiki --role publisher --generate", exitFailed, "there is no data directory " + filepath.Join(elsewhere, "ircbus-data")},
		{"account list", exitFailed, "there is no data directory " + filepath.Join(elsewhere, "ircbus-data")},
		{"account token mywiki", exitFailed, "there is no data directory"},
		{"check", exitFailed, "no bus has run in " + filepath.Join(elsewhere, "ircbus-data")},
		{"backup copy", exitFailed, "no bus has run in"},
		{"serve --irc " + bus.address("IRC"), exitFailed, "already listens"},
		{"--config " + config + " account add mywiki --role publisher", exitDone, "Added the publisher mywiki in " + data},
		{"--config " + config + " account add anna --role operator", exitDone, "Added the operator anna in " + data},
		{"--config " + config + " account passwd mywiki", exitDone, "Changed the password of mywiki in " + data},
		{"--config " + config + " account list", exitDone, "mywiki"},
		{"--config " + config + " publish --account mywiki page=A", exitDone, "1\n"},
		{"--config " + config + " changes --format qs", exitDone, "page=A"},
		{"--config " + config + " redact 1 --account mywiki", exitDone, "2\n"},
		{"--config " + config + " doors --account anna", exitDone, "No door is open"},
		{"--config " + config + " check", exitDone, data + ": 1 events"},
		{"--config " + config + " backup copy", exitDone, ""},
		{"--config " + config + " --data ./typo account list", exitFailed, "there is no data directory " + filepath.Join(elsewhere, "typo")},
		{"--config " + config + " account remove anna", exitDone, "Removed the operator anna from " + data},
	} {
		cmd := exec.Command(binary, strings.Fields(c.args)...)
		cmd.Dir, cmd.Stdin = elsewhere, strings.NewReader("a good password\n")
		cmd.Env = append(os.Environ(), "IRCBUS_PASSWORD=a good password")
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != c.code || !strings.Contains(string(out), c.out) {
			t.Errorf("ircbus %s: %v, %s; want exit code %d and %q", c.args, err, out, c.code, c.out)
		}
	}
	if found, err := os.ReadDir(elsewhere); err != nil || len(found) != 1 || found[0].Name() != "copy" {
		t.Errorf("left elsewhere: %v, %v", found, err)
	}
	bus.end(syscall.SIGTERM)
}

// freeAddress is an address on loopback at which nobody listens at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestCaseE3Server: every command that speaks with a bus takes --server, and the
// names from before.
func TestCaseE3Server(t *testing.T) {
	b, _ := publishBus(t)
	for _, flags := range []string{
		"--server http://" + b.HTTPAddr(), "--server " + b.HTTPAddr(), "--server irc://" + b.IRCAddr(),
		"--url http://" + b.HTTPAddr(), "--irc " + b.IRCAddr(), "--irc irc://" + b.IRCAddr(),
	} {
		args := append(strings.Fields(flags), "--account", "wiki", "page=A")
		if code, out, errs := invoke(t, append([]string{"publish"}, args...)...); code != exitDone {
			t.Errorf("publish %s: exit code %d, %q %q", flags, code, out, errs)
		}
	}
	t.Run("environment", func(t *testing.T) {
		t.Setenv("IRCBUS_SERVER", b.HTTPAddr())
		for _, args := range []string{"publish --account wiki page=B", "changes", "redact 1 --account wiki"} {
			if code, out, errs := invoke(t, strings.Fields(args)...); code != exitDone || out == "" {
				t.Errorf("%s: exit code %d, %q %q", args, code, out, errs)
			}
		}
	})
	spool := filepath.Join(t.TempDir(), "spool")
	for _, args := range []string{
		"publish --account wiki page=A", "hook git --account wiki", "hook git --account wiki --spool " + spool,
		"hook nagios --account wiki NOTIFICATIONTYPE=PROBLEM HOSTNAME=h HOSTSTATE=DOWN HOSTOUTPUT=x --spool " + spool, "hook flush --account wiki --spool x", "redact 1", "doors", "mail", "changes", "follow #wiki",
	} {
		code, out, errs := invoke(t, append(strings.Fields(args), "--server", "ftp://x")...)
		if code != exitUsage || !strings.Contains(errs, `--server "ftp://x" is not a bus's address`) || out != "" {
			t.Errorf("ircbus %s: exit code %d, %q %q", args, code, out, errs)
		}
	}
	if kept, err := os.ReadDir(filepath.Join(spool, "new")); err != nil || len(kept) != 1 {
		t.Errorf("a mistake in the address lost an event: %v, %v", kept, err)
	}
	for _, args := range []string{"changes", "follow #wiki", "doors", "redact 1", "mail"} {
		code, _, errs := invoke(t, append(strings.Fields(args), "--server", "irc://127.0.0.1")...)
		if code != exitUsage || !strings.Contains(errs, "this needs that of its HTTP") {
			t.Errorf("ircbus %s: exit code %d, %q", args, code, errs)
		}
	}
}
