package bus

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/ircbus/ircbus/ircd/account"
)

const letter = "From: =?utf-8?Q?P=C3=B6ul?= <poul@example.org>\r\nSubject: Lunch?\r\nMessage-ID: <%s@example.org>\r\n\r\nNo secret.\r\n"

// mailBus runs a bus with the mail door open everywhere, and anna and bert.
func mailBus(t *testing.T, m Mail) *Bus {
	t.Helper()
	dir, err := os.MkdirTemp("", "mail") // t.TempDir is too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c := quiet(t)
	m.Socket, m.Listen, m.HTTP = filepath.Join(dir, "s"), "127.0.0.1:0", true
	m.Publishers = map[string]string{"Wiki-Changes": "changes"}
	c.Mail, c.SMTP.Listen = m, "127.0.0.1:0"
	b := startBus(t, c)
	for _, name := range []string{"anna", "bert"} {
		if err := b.Accounts().Add(account.Account{Name: name, Role: account.User}, "secret-of-"+name); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// lmtp connects to the mail door as a mail server does.
func lmtp(t *testing.T, b *Bus, network string) *smtp.Client {
	t.Helper()
	conn, err := net.Dial(network, doorAddr(t, b, "mail", network))
	if err != nil {
		t.Fatal(err)
	}
	c := smtp.NewClientLMTP(conn)
	t.Cleanup(func() { c.Close() })
	return c
}

// TestMailTells: a person is told of mail at once, or at the next login; mail for
// a publisher is published; mail that comes twice is one; nobody else's mail is
// taken.
func TestMailTells(t *testing.T) {
	b := mailBus(t, Mail{Body: 100})
	anna := connectAs(t, b.IRCAddr(), "anna", "anna:secret-of-anna")
	c := lmtp(t, b, "tcp")
	var refused *smtp.SMTPError
	if err := c.Mail("poul@example.org", nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("carl@example.org", nil); !errors.As(err, &refused) || refused.Code != 550 {
		t.Errorf("a stranger's mail: %v", err)
	}
	for range 2 {
		if err := c.SendMail("poul@example.org", []string{"Anna+lists@example.org", "bert@example.org", "wiki-changes@example.org"}, strings.NewReader(fmt.Sprintf(letter, "1"))); err != nil {
			t.Fatal(err)
		}
	}
	tells(t, anna, "anna")
	tells(t, connectAs(t, b.IRCAddr(), "bert", "bert:secret-of-bert"), "bert")
	_, changes := get(t, b.URL()+"/changes?format=qs")
	if strings.Count(changes, "\n") != 1 || !strings.Contains(changes, "action=MAIL&user=Pöul") || !strings.Contains(changes, "body=No+secret.") ||
		!strings.Contains(changes, "recipient=wiki-changes@example.org") {
		t.Errorf("the public channel has %s", changes)
	}
}

// tells reads that there is mail, once.
func tells(t *testing.T, p *person, nick string) {
	t.Helper()
	line := p.until("Lunch?")
	if !strings.HasPrefix(line, ":mail!mail@") || !strings.Contains(line, " PRIVMSG "+nick+" :") || !strings.Contains(line, "Mail from Pöul: Lunch?") {
		t.Errorf("%s is told %q", nick, line)
	}
	p.say("PING once")
	if line := p.until("PONG", "Lunch?"); !strings.Contains(line, "PONG") {
		t.Errorf("%s is told again: %q", nick, line)
	}
}

// TestMailByUser: on the Unix socket everybody hands over his own mail and no
// other, but for who is trusted.
func TestMailByUser(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		trusted []string
		to      string
		code    int // 0: taken
	}{
		{"own", nil, me.Username, 0},
		{"another's", nil, "bert", 550},
		{"trusted", []string{me.Username}, "bert", 0},
		{"trusted, for nobody", []string{me.Username}, "carl", 550},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := mailBus(t, Mail{Trusted: test.trusted, People: map[string]string{me.Username: "anna"}})
			err := lmtp(t, b, "unix").SendMail("", []string{test.to + "@localhost"}, strings.NewReader(fmt.Sprintf(letter, "1")))
			var refused *smtp.SMTPError
			switch {
			case test.code == 0 && err != nil:
				t.Error(err)
			case test.code != 0 && (!errors.As(err, &refused) || refused.Code != test.code):
				t.Errorf("got %v, want %d", err, test.code)
			}
		})
	}
}

// TestMailByHTTP: the login says whose mail it is.
func TestMailByHTTP(t *testing.T) {
	b := mailBus(t, Mail{})
	if err := b.Accounts().SetPassword("changes", "secret-of-changes"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		account, body string
		status        int
		answer        string
	}{
		{"anna", fmt.Sprintf(letter, "1"), http.StatusCreated, `{"told":"anna"}`},
		{"changes", fmt.Sprintf(letter, "2"), http.StatusCreated, `{"events":[{"id":1,"duplicate":false}]}`},
		{"changes", fmt.Sprintf(letter, "2"), http.StatusCreated, `{"events":[{"id":1,"duplicate":true}]}`},
		{"nobody", fmt.Sprintf(letter, "3"), http.StatusUnauthorized, ""},
		{"anna", "hello", http.StatusBadRequest, "it has no header"},
	} {
		req, err := http.NewRequest("POST", b.URL()+"/doors/mail", strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(test.account, "secret-of-"+test.account)
		response, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		status, body := response.StatusCode, string(text)
		if status != test.status || !strings.Contains(body, test.answer) {
			t.Errorf("%s: %d %s, want %d %s", test.account, status, body, test.status, test.answer)
		}
	}
}

// TestMailLosesNothing: ten thousand mails, several mail servers, one event each.
func TestMailLosesNothing(t *testing.T) {
	servers, mails := 10, many(1000)
	b := mailBus(t, Mail{})
	var sending sync.WaitGroup
	for server := range servers {
		c := lmtp(t, b, "tcp")
		sending.Go(func() {
			for i := range mails {
				if err := c.SendMail("", []string{"wiki-changes@example.org"}, strings.NewReader(fmt.Sprintf(letter, fmt.Sprint(server, "-", i)))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	sending.Wait()
	for _, r := range b.Doors() {
		if r.Door != "mail" {
			continue
		}
		if r.Received != uint64(servers*mails) || r.Stored != uint64(servers*mails) || r.LastRefusal != nil {
			t.Errorf("%+v", r)
		}
	}
	if bounds, err := b.store.Bounds(t.Context()); err != nil || int(bounds.Head) < servers*mails {
		t.Errorf("the head is %d: %v", bounds.Head, err)
	}
}
