package bus

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/ircbus/ircbus/ircd/account"
)

// TestCaseB7: idle connections cannot keep out those who ask whether the bus is well,
// nor operators; others are told why they cannot come.
func TestCaseB7(t *testing.T) {
	c := quiet(t)
	c.Limits.Connections = 64 // 44 for IRC, eight of them for operators, and 8 for HTTP
	b := startBus(t, c)
	if err := b.accounts.Add(account.Account{Name: "root", Role: account.Operator}, "secret password"); err != nil {
		t.Fatal(err)
	}
	shares := c.Limits.shares()
	first := connect(t, b.IRCAddr(), "first")
	oldest := newPerson(t, silent(t, b.IRCAddr()))
	for range shares.irc - 8 - 2 {
		silent(t, b.IRCAddr())
	}
	first.say("PING all")
	first.until("PONG")
	refused := newPerson(t, silent(t, b.IRCAddr()))
	refused.say("NICK late\r\nUSER late 0 * :late")
	if line := refused.until("ERROR "); !strings.Contains(line, "only operators") {
		t.Errorf("got %s", line)
	}
	operator := newPerson(t, silent(t, b.IRCAddr()))
	operator.say("PASS :root:secret password\r\nNICK root\r\nUSER root 0 * :root")
	operator.until(" 001 ")
	// Silent ones that keep coming end one another, and keep out nobody who says more.
	for range 2 * shares.irc {
		silent(t, b.IRCAddr())
	}
	oldest.until("ERROR :")
	for !welcomed(t, b.IRCAddr()) { // while those that were ended are on their way out
	}
	first.say("PING still")
	first.until("PONG")
	for range shares.http {
		conn := silent(t, b.HTTPAddr())
		if status := statusOf(t, conn, "/healthz"); status != 200 {
			t.Fatalf("healthz: %d", status)
		}
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/changes": 503} {
		if status := statusOf(t, silent(t, b.HTTPAddr()), path); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
}

// welcomed reports whether an operator gets in.
func welcomed(t *testing.T, address string) bool {
	t.Helper()
	conn := silent(t, address)
	io.WriteString(conn, "PASS :root:secret password\r\nNICK root\r\nUSER root 0 * :root\r\n") // may be closed already
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if strings.Contains(lines.Text(), " 001 ") {
			return true
		}
	}
	return false
}

// silent is a connection that says nothing by itself.
func silent(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return patient{conn}
}

func statusOf(t *testing.T, conn net.Conn, path string) int {
	t.Helper()
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode
}
