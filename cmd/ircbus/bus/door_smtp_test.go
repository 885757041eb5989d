package bus

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// smtpTo connects to the door as a program does that can send mail.
func smtpTo(t *testing.T, b *Bus) *smtp.Client {
	t.Helper()
	conn, err := net.Dial("tcp", doorAddr(t, b, "smtp", "tcp"))
	if err != nil {
		t.Fatal(err)
	}
	c := smtp.NewClient(conn)
	t.Cleanup(func() { c.Close() })
	return c
}

// TestSMTP: mail becomes what the door for mail makes of it, once for all recipients
// and once however often it is sent; a recipient who is nobody is refused.
func TestSMTP(t *testing.T) {
	b := mailBus(t, Mail{Body: 100})
	anna := connectAs(t, b.IRCAddr(), "anna", "anna:secret-of-anna")
	for range 2 {
		to := []string{"anna@example.org", "Anna+x@example.org", "wiki-changes@example.org"}
		if err := smtpTo(t, b).SendMail("poul@example.org", to, strings.NewReader(fmt.Sprintf(letter, "1"))); err != nil {
			t.Fatal(err)
		}
	}
	tells(t, anna, "anna")
	_, changes := get(t, b.URL()+"/changes?format=qs")
	if strings.Count(changes, "\n") != 1 || !strings.Contains(changes, "action=MAIL&user=Pöul") || !strings.Contains(changes, "body=No+secret.") {
		t.Errorf("the public channel has %s", changes)
	}
	var refused *smtp.SMTPError
	if err := smtpTo(t, b).SendMail("poul@example.org", []string{"carl@example.org"}, strings.NewReader("x")); !errors.As(err, &refused) || refused.Code != 550 {
		t.Errorf("a stranger's mail: %v", err)
	}
	if err := smtpTo(t, b).SendMail("poul@example.org", []string{"anna@example.org"}, strings.NewReader("no header")); !errors.As(err, &refused) || refused.Code != 554 {
		t.Errorf("what is no mail: %v", err)
	}
	for _, report := range b.Doors() {
		if report.Door == "smtp" && (report.Received != 3 || report.Stored != 1 || report.Duplicates != 1) {
			t.Errorf("%+v", report)
		}
	}
}
