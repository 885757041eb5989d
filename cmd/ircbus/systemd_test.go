//go:build linux

package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNotify: whoever manages the service is told when it is ready, when it reads
// its configuration again, that it lives, and when it stops.
func TestNotify(t *testing.T) {
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", socket.LocalAddr().String())
	t.Setenv("WATCHDOG_USEC", "200000")
	p := launch(t, "serve", "--data", t.TempDir(), "--irc", "127.0.0.1:0", "--http", "")
	expect := func(pattern string) {
		t.Helper()
		socket.SetReadDeadline(time.Now().Add(patience))
		buf := make([]byte, 1024)
		for {
			n, err := socket.Read(buf)
			if err != nil {
				t.Fatalf("waiting for %s: %v", pattern, err)
			}
			if regexp.MustCompile(pattern).Match(buf[:n]) {
				return
			}
			if got := string(buf[:n]); got != "WATCHDOG=1" {
				t.Fatalf("%q instead of %s", got, pattern)
			}
		}
	}
	expect("^READY=1$")
	expect("^WATCHDOG=1$")
	expect("^WATCHDOG=1$")
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	expect("^RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]+$")
	expect("^READY=1$")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	expect("^STOPPING=1$")
	for range p.said {
	}
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// withSockets starts the program as systemd does when it has listened itself. A
// shell tells it its process id, which nobody knows before.
func withSockets(t *testing.T, names string, listeners ...net.Listener) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`,
		binary, "serve", "--data", t.TempDir(), "--irc", "127.0.0.1:1", "--http", "")
	cmd.Env = append(os.Environ(), "LISTEN_FDS="+string(rune('0'+len(listeners))), "LISTEN_FDNAMES="+names)
	for _, l := range listeners {
		file, err := l.(interface{ File() (*os.File, error) }).File()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
		cmd.ExtraFiles = append(cmd.ExtraFiles, file)
	}
	return cmd
}

// TestSocketActivation: passed sockets are served in the place of the addresses;
// who connected before is served, too.
func TestSocketActivation(t *testing.T) {
	var listeners []net.Listener
	var early []net.Conn
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		listeners, early = append(listeners, l), append(early, conn)
	}
	cmd := withSockets(t, "http:irc:irc", listeners...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	for i, test := range []struct{ say, want string }{
		{"GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.0 200"}, {"PING here\r\n", "PONG"}, {"PING there\r\n", "PONG"},
	} {
		early[i].SetDeadline(time.Now().Add(patience))
		if _, err := early[i].Write([]byte(test.say)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 512)
		n, err := early[i].Read(buf)
		if err != nil || !strings.Contains(string(buf[:n]), test.want) {
			t.Errorf("%q is answered with %q, %v", test.say, buf[:n], err)
		}
	}
}

// TestBadSockets: sockets that cannot be used are wrong usage, in a sentence.
func TestBadSockets(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	local, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	for _, test := range []struct {
		names     string
		listeners []net.Listener
		want      string
	}{
		{"smtp", []net.Listener{tcp}, `"smtp": it must be irc, irc_tls, http or http_tls`},
		{"irc", []net.Listener{tcp, tcp}, "without a name"},
		{"irc", []net.Listener{local}, "is not one of TCP"},
		{"irc_tls", []net.Listener{tcp}, "needs a certificate"},
	} {
		out, err := withSockets(t, test.names, test.listeners...).CombinedOutput()
		exit := (*exec.ExitError)(nil)
		if !errors.As(err, &exit) || exit.ExitCode() != exitUsage || !strings.Contains(string(out), test.want) {
			t.Errorf("%s: %v, %s", test.names, err, out)
		}
	}
}

// TestCaseAUnit: the service gives up what it does not need.
func TestCaseAUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze")
	}
	unit, err := filepath.Abs("../../contrib/systemd/ircbus.service")
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command(analyze, "security", "--offline=true", "--threshold=20", unit).CombinedOutput() // 2.0
	if err != nil {
		t.Errorf("%v: %s", err, output)
	}
}
