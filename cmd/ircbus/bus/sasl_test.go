package bus

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xdg-go/scram"

	"github.com/ircbus/ircbus/ircd/account"
)

// arrive connects without registering.
func arrive(t *testing.T, conn net.Conn, err error) *person {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return newPerson(t, conn)
}

func dialPlain(t *testing.T, b *Bus) *person {
	t.Helper()
	conn, err := net.Dial("tcp", b.IRCAddr())
	return arrive(t, conn, err)
}

func dialTLS(t *testing.T, b *Bus, certificates ...tls.Certificate) *person {
	t.Helper()
	conn, err := tls.Dial("tcp", b.IRCTLSAddr(), &tls.Config{InsecureSkipVerify: true, Certificates: certificates})
	return arrive(t, conn, err)
}

// secureBus is one with TLS and the accounts ada, an operator, and moin, a
// publisher.
func secureBus(t *testing.T) *Bus {
	t.Helper()
	c := quiet(t)
	c.IRCTLS = "127.0.0.1:0"
	c.Cert, c.Key = filepath.Join(c.Data, "cert"), filepath.Join(c.Data, "key")
	writeCertificate(t, c.Cert, c.Key, 1)
	b := startBus(t, c)
	for name, role := range map[string]account.Role{"ada": account.Operator, "moin": account.Publisher} {
		if err := b.Accounts().Add(account.Account{Name: name, Role: role}, "correct horse"); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// answer sends a response and returns what comes back: the challenge, or the
// numeric that ends the login.
func (p *person) answer(response string) (challenge, numeric string) {
	p.t.Helper()
	encoded := base64.StdEncoding.EncodeToString([]byte(response))
	for ; len(encoded) >= 400; encoded = encoded[400:] {
		p.say("AUTHENTICATE " + encoded[:400])
	}
	if encoded == "" {
		encoded = "+"
	}
	p.say("AUTHENTICATE " + encoded)
	line := strings.Fields(p.until("AUTHENTICATE ", " 900 ", " 902 ", " 904 ", " 905 ", " 906 ", " 907 "))
	if line[0] != "AUTHENTICATE" {
		return "", line[1]
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(line[1], "+"))
	if err != nil {
		p.t.Fatalf("a challenge is %q", line[1])
	}
	return string(text), ""
}

// scram logs in with the client of another project, and returns the last numeric.
func (p *person) scram(name, password string) string {
	p.t.Helper()
	client, err := scram.SHA256.NewClient(name, password, "")
	if err != nil {
		p.t.Fatal(err)
	}
	conversation := client.NewConversation()
	p.say("AUTHENTICATE SCRAM-SHA-256")
	challenge := strings.TrimSuffix(strings.Fields(p.until("AUTHENTICATE "))[1], "+")
	for {
		response, err := conversation.Step(challenge)
		if err != nil {
			p.t.Fatal(err)
		}
		var numeric string
		if challenge, numeric = p.answer(response); numeric != "" {
			if (numeric == "900") != conversation.Valid() {
				p.t.Errorf("%s, and the client finds the server valid: %v", numeric, conversation.Valid())
			}
			return numeric
		}
	}
}

func TestSCRAM(t *testing.T) {
	b := secureBus(t)
	p := dialTLS(t, b)
	p.say("CAP LS 302")
	if line := p.until(" LS "); !strings.Contains(line, " sasl=SCRAM-SHA-256,PLAIN ") {
		t.Error(line)
	}
	p.say("CAP REQ sasl")
	for _, c := range []struct{ name, password, want string }{
		{"ada", "wrong horse", "904"}, {"nobody", "correct horse", "904"}, {"ADA", "correct horse", "900"},
		{"nobody", "correct horse", "904"}, {"moin", "correct horse", "900"},
	} {
		if got := p.scram(c.name, c.password); got != c.want {
			t.Errorf("%s with %q: %s", c.name, c.password, got)
		}
	}
	p.until(" 903 ")
	p.say("NICK x")
	p.say("USER x 0 * :x")
	p.say("CAP END")
	if line := p.until(" 001 "); !strings.Contains(line, " moin!moin@") {
		t.Error(line)
	}
}

// TestSCRAMGoneWrong: nobody gets in who leaves out a step, or comes from another
// login.
func TestSCRAMGoneWrong(t *testing.T) {
	b := secureBus(t)
	client, err := scram.SHA256.NewClient("ada", "correct horse", "")
	if err != nil {
		t.Fatal(err)
	}
	var replay string
	for _, mistake := range []string{"", "proof", "replay", "skip", "abort", "last", "register", "binding"} {
		p := dialPlain(t, b)
		conversation := client.NewConversation()
		p.say("AUTHENTICATE scram-sha-256")
		p.until("AUTHENTICATE +")
		first, _ := conversation.Step("")
		if mistake == "binding" { // a client that would be bound to a channel, to which nobody has agreed
			first = strings.Replace(first, "n,", "p=tls-exporter,", 1)
		}
		challenge, numeric := p.answer(first)
		if mistake == "binding" {
			if numeric != "904" {
				t.Errorf("binding: %s", numeric)
			}
			continue
		}
		last, err := conversation.Step(challenge)
		if err != nil {
			t.Fatal(err)
		}
		switch mistake {
		case "":
			replay = last
		case "proof":
			at := strings.Index(last, ",p=") + 3
			last = last[:at] + base64.StdEncoding.EncodeToString(make([]byte, 32))
		case "replay":
			last = replay
		case "skip":
			last = ""
		case "abort":
			p.say("AUTHENTICATE *")
			p.until(" 906 ")
			p.say("AUTHENTICATE SCRAM-SHA-256")
			p.until("AUTHENTICATE +")
		}
		challenge, numeric = p.answer(last)
		if mistake == "register" || mistake == "last" {
			if numeric != "" {
				t.Fatalf("%s: %s", mistake, numeric)
			}
			if mistake == "last" {
				if _, numeric = p.answer("x"); numeric != "904" {
					t.Errorf("after a last response that is not empty: %s", numeric)
				}
			}
			p.say("NICK " + mistake)
			p.say("USER x 0 * :x")
			if mistake == "register" {
				p.until(" 906 ")
			}
			p.until(" 422 ")
			p.say("WHOIS " + mistake)
			if line := p.until(" 330 ", " 318 "); strings.Contains(line, " 330 ") {
				t.Errorf("%s: %s", mistake, line)
			}
			continue
		}
		if mistake == "" && numeric == "" {
			_, numeric = p.answer("")
		}
		if want := map[bool]string{true: "900", false: "904"}[mistake == ""]; numeric != want {
			t.Errorf("%s: %s and %q", mistake, numeric, challenge)
		}
	}
}

func TestExternal(t *testing.T) {
	b := secureBus(t)
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "c"), filepath.Join(dir, "k")
	pairs := make([]tls.Certificate, 2)
	for i := range pairs {
		writeCertificate(t, certFile, keyFile, int64(i+10))
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			t.Fatal(err)
		}
		pairs[i] = pair
	}
	mine, other := pairs[0], pairs[1]
	if err := b.Accounts().AddCertificate("ada", sha256.Sum256(mine.Certificate[0])); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		p          *person
		name, want string
	}{
		{dialTLS(t, b, mine), "", "900"}, {dialTLS(t, b, mine), "Ada", "900"}, {dialTLS(t, b, mine), "moin", "904"},
		{dialTLS(t, b, other), "", "904"}, {dialTLS(t, b, other), "ada", "904"},
		{dialTLS(t, b, mine), strings.Repeat("x", 400), "904"},
	} {
		c.p.say("CAP LS 302")
		if line := c.p.until(" LS "); !strings.Contains(line, " sasl=EXTERNAL,SCRAM-SHA-256,PLAIN ") {
			t.Error(line)
		}
		c.p.say("AUTHENTICATE EXTERNAL")
		c.p.until("AUTHENTICATE +")
		if _, got := c.p.answer(c.name); got != c.want {
			t.Errorf("as %q: %s", c.name, got)
		}
	}
	for _, p := range []*person{dialTLS(t, b), dialPlain(t, b)} { // who shows none is not offered it
		p.say("CAP LS 302")
		if line := p.until(" LS "); strings.Contains(line, "EXTERNAL") {
			t.Error(line)
		}
		p.say("AUTHENTICATE EXTERNAL")
		if line := p.until(" 908 "); !strings.Contains(line, " SCRAM-SHA-256,PLAIN ") {
			t.Error(line)
		}
		p.until(" 904 ")
	}
	p := dialTLS(t, b, mine)
	p.say("AUTHENTICATE EXTERNAL")
	p.say("AUTHENTICATE +")
	p.until(" 903 ")
	if err := b.Accounts().RemoveCertificate("ada", sha256.Sum256(mine.Certificate[0])); err != nil {
		t.Fatal(err)
	}
	p.until("ERROR :The login as ada is no longer good")
}

// TestSASLFailures: guessing on one connection comes to an end, whatever the
// mechanism.
func TestSASLFailures(t *testing.T) {
	b := secureBus(t)
	p := dialPlain(t, b)
	for i := range 9 {
		if i%2 == 0 {
			p.scram("ada", "wrong horse")
			continue
		}
		p.say("AUTHENTICATE PLAIN")
		p.until("AUTHENTICATE +")
		p.answer("\x00ada\x00guess" + string(rune('a'+i)))
	}
	p.say("AUTHENTICATE PLAIN")
	p.until("AUTHENTICATE +")
	p.say("AUTHENTICATE " + base64.StdEncoding.EncodeToString([]byte("\x00ada\x00the last")))
	p.until(" 904 ")
	p.until("ERROR :Too many logins failed")
}

// TestReauthentication: at any time, as another account.
func TestReauthentication(t *testing.T) {
	b := secureBus(t)
	if err := b.Accounts().Add(account.Account{Name: "bob", Role: account.User}, "battery staple"); err != nil {
		t.Fatal(err)
	}
	p := connect(t, b.IRCAddr(), "robert")
	for _, want := range []struct{ name, password string }{{"bob", "battery staple"}, {"ada", "correct horse"}, {"bob", "battery staple"}} {
		if got := p.scram(want.name, want.password); got != "900" {
			t.Fatal(got)
		}
		p.say("WHOIS robert")
		if line := p.until(" 330 ", " 318 "); !strings.Contains(line, " robert "+want.name+" ") {
			t.Error(line)
		}
	}
	if got := p.scram("ada", "wrong horse"); got != "904" {
		t.Error(got)
	}
	p.say("WHOIS robert")
	if line := p.until(" 330 ", " 318 "); !strings.Contains(line, " robert bob ") {
		t.Errorf("after a failed login: %s", line)
	}
}
