package bus

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/account"
)

// must is the value of a call that may not fail.
func must[T any](t *testing.T, value T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// clientCertificate makes one.
func clientCertificate(t *testing.T, serial int64) tls.Certificate {
	t.Helper()
	certFile, keyFile := filepath.Join(t.TempDir(), "c"), filepath.Join(t.TempDir(), "k")
	writeCertificate(t, certFile, keyFile, serial)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	return must(t, pair, err)
}

// fingerprintOf is that of a certificate.
func fingerprintOf(pair tls.Certificate) string {
	return account.Fingerprint(sha256.Sum256(pair.Certificate[0])).String()
}

// greet registers a connection under a nick.
func (p *person) greet(nick string) {
	p.t.Helper()
	p.say("NICK " + nick)
	p.say("USER u 0 * :u")
	p.until(" 376 ", " 422 ")
}

// TestCaseA6: a token publishes and reads. What changes how its account logs in
// wants the password, or a login that has proven more.
func TestCaseA6(t *testing.T) {
	b := secureBus(t)
	store := b.Accounts()
	if err := store.Add(account.Account{Name: "bob", Role: account.Operator}, "correct horse"); err != nil {
		t.Fatal(err)
	}
	token, err := store.AddToken("bob", 0)
	must(t, token, err)
	pair := clientCertificate(t, 10)
	if err := store.AddCertificate("bob", sha256.Sum256(pair.Certificate[0])); err != nil {
		t.Fatal(err)
	}
	const refused, noPassword = "log in with your password", "a token is good for publishing and reading alone"
	fresh := clientCertificate(t, 11)
	p := dialTLS(t, b, fresh)
	p.greet("bobby")
	p.want("NS IDENTIFY bob "+token, " NOTICE bobby :You are logged in")
	for line, want := range map[string]string{
		"NS PASSWD " + token + " newpassword":                noPassword,
		"NS CERT ADD":                                        refused,
		"NS CERT ADD " + fingerprintOf(fresh):                refused,
		"NS CERT ADD " + token:                               noPassword,
		"NS CERT ADD " + fingerprintOf(fresh) + " " + token:  noPassword,
		"NS CERT DEL " + fingerprintOf(pair):                 refused,
		"NS CERT DEL " + fingerprintOf(pair) + " " + token:   noPassword,
		"PRIVMSG NickServ :PASSWD " + token + " newpassword": noPassword,
		"OPER":              noPassword,
		"OPER bob " + token: noPassword,
		"NS CERT DEL " + fingerprintOf(pair) + " wrong-horse": "the account, password or token is wrong",
	} {
		p.want(line, want, " NOTICE ", " 381 ", " 491 ")
	}
	a, err := store.Get("bob")
	if must(t, a, err); len(a.Certificates) != 1 {
		t.Errorf("the certificates are %v", a.Certificates)
	}
	if _, err := store.Login(t.Context(), "bob", "correct horse", netip.MustParseAddr("192.0.2.1")); err != nil {
		t.Error(err)
	}
	// With the password in the command, on the same connection.
	p.want("NS CERT ADD correct horse", "This certificate logs you in", " NOTICE ")
	p.want("NS CERT DEL "+fingerprintOf(fresh)+" correct horse", "does not log you in any more", " NOTICE ")
	p.want("NS PASSWD correct horse", "wrong", " NOTICE ") // the old one is one word here

	// A certificate, SCRAM and a password prove enough.
	q := dialTLS(t, b, pair)
	q.say("AUTHENTICATE EXTERNAL")
	q.until("AUTHENTICATE +")
	q.want("AUTHENTICATE +", " 903 ", " 904 ")
	q.greet("bobcert")
	q.want("OPER", " 381 ", " 491 ")
	q.until("is an operator now")
	q.want("NS CERT DEL "+fingerprintOf(pair), "does not log you in any more", " NOTICE ")
}

// TestCaseA16: over IRC a certificate is added only by who has shown it.
func TestCaseA16(t *testing.T) {
	b := secureBus(t)
	if err := b.Accounts().SetPassword("ada", "correct-horse"); err != nil {
		t.Fatal(err)
	}
	mine, other := clientCertificate(t, 10), clientCertificate(t, 11)
	colons := func(s string) string {
		var pairs []string
		for i := 0; i < len(s); i += 2 {
			pairs = append(pairs, strings.ToUpper(s[i:i+2]))
		}
		return strings.Join(pairs, ":")
	}
	for name, p := range map[string]*person{"with": dialTLS(t, b, mine), "without": dialTLS(t, b)} {
		p.greet(name)
		p.want("NS IDENTIFY ada correct-horse", " 900 ", " NOTICE ")
		for _, fingerprint := range []string{fingerprintOf(other), colons(fingerprintOf(other)), strings.ToUpper(fingerprintOf(other))} {
			for _, line := range []string{"NS CERT ADD " + fingerprint, "PRIVMSG NickServ :CERT ADD " + fingerprint + " correct-horse"} {
				p.want(line, "certificate", "logs you in", " 401 ")
			}
		}
	}
	if a, err := b.Accounts().Get("ada"); err != nil || len(a.Certificates) != 0 {
		t.Errorf("%v, %v", a.Certificates, err)
	}
	p := dialTLS(t, b, mine)
	p.greet("again")
	p.want("NS IDENTIFY ada correct-horse", "You are logged in", " NOTICE ")
	p.want("NS CERT ADD "+colons(fingerprintOf(mine)), "This certificate logs you in", " NOTICE ")
}

// TestCaseA6Scopes: a token that is narrowed to one thing does no other, over IRC
// and HTTP.
func TestCaseA6Scopes(t *testing.T) {
	c := quiet(t)
	c.Access = AccessLogin
	c.Incoming.Open = true
	b := startBus(t, c)
	if err := b.Accounts().Add(account.Account{Name: "wiki", Role: account.Publisher}, ""); err != nil {
		t.Fatal(err)
	}
	if err := b.Accounts().Add(account.Account{Name: "ada", Role: account.User}, ""); err != nil {
		t.Fatal(err)
	}
	scoped := func(name string, scope ircbus.Scope) string {
		token, err := b.Accounts().AddScopedToken(name, 0, scope)
		return must(t, token, err)
	}
	publish, read := scoped("wiki", ircbus.ScopePublish), scoped("wiki", ircbus.ScopeRead)
	for _, r := range []struct {
		method, path, body string
		publish, read      int
	}{
		{"POST", "/events", `{"page":"A"}`, 201, 403},
		{"POST", "/doors/incoming", `{"text":"x"}`, 200, 403},
		{"GET", "/changes", "", 403, 200},
		{"GET", "/events/1", "", 403, 200},
		{"GET", "/wikis", "", 403, 200},
		{"DELETE", "/events/1", "", 200, 403},
	} {
		for token, want := range map[string]int{read: r.read, publish: r.publish} {
			for _, basic := range []bool{false, true} {
				if r.method == "DELETE" && basic {
					continue // it is gone
				}
				request, err := http.NewRequestWithContext(t.Context(), r.method, b.URL()+r.path, strings.NewReader(r.body))
				must(t, request, err)
				request.Header.Set("Content-Type", "application/json")
				if request.Header.Set("Authorization", "Bearer "+token); basic {
					request.SetBasicAuth("wiki", token)
				}
				response, err := http.DefaultClient.Do(request)
				must(t, response, err)
				text, _ := io.ReadAll(response.Body)
				response.Body.Close()
				if response.StatusCode != want {
					t.Errorf("%s %s: %d %s, want %d", r.method, r.path, response.StatusCode, text, want)
				}
			}
		}
	}
	writer := connectAs(t, b.IRCAddr(), "x", "wiki:"+publish)
	for _, line := range []string{"JOIN #wiki", "CHATHISTORY LATEST #wiki * 10", "PRIVMSG wiki :LAST 1", "LIST", "WHOIS wiki"} {
		writer.want(line, "good for the scope publish alone", " 366 ", " 323 ", " 318 ", "NOTICE")
	}
	writer.say("CAP REQ :echo-message message-tags")
	writer.want("PRIVMSG #wiki :page=B", "msgid=", " FAIL ", " 404 ", " 481 ")
	reader := connectAs(t, b.IRCAddr(), "x", "wiki:"+read)
	reader.want("JOIN #wiki", " 366 ", " 481 ")
	for line, want := range map[string]string{"PRIVMSG #wiki :page=C": "reading alone", "NOTICE #wiki :page=C": "reading alone", "PRIVMSG ada :hi": "scope read alone", "REDACT #wiki 1": "scope read alone"} {
		reader.want(line, want, "msgid=", " 401 ")
	}
	reader.want("PRIVMSG wiki :LAST 1", "entries", " 481 ")
	p := dialPlain(t, b)
	p.say("PASS ada:" + scoped("ada", ircbus.ScopePublish))
	p.say("NICK ada")
	p.want("USER u 0 * :u", "no publisher's", " 001 ")
}

// TestCaseA14: what may be a password comes neither into the log nor to operators,
// and every proof that fails counts, in whatever command.
func TestCaseA14(t *testing.T) {
	var log logged
	c := quiet(t)
	c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b := startBus(t, c)
	ada := operator(t, b)
	if err := b.Accounts().Add(account.Account{Name: "anna", Role: account.User}, "secret of anna"); err != nil {
		t.Fatal(err)
	}
	p := connect(t, b.IRCAddr(), "mallory")
	p.want("OPER hunter2secret anna", " 464 ", " 381 ")
	ada.until("OPER failed: mallory!~u@127.0.0.1 as somebody unknown")
	p.want("OPER anna hunter2secret", " 464 ", " 381 ")
	ada.until("OPER failed: mallory!~u@127.0.0.1 as anna")
	p.want("NS IDENTIFY hunter2secret", "wrong", " 900 ")
	p.want("NS IDENTIFY hunter2secret anna", "wrong", " 900 ")
	p.want("PRIVMSG NickServ :hunter2secret", "HELP", " 401 ")
	p.say("hunter2secret anna")
	p.say("AUTHENTICATE PLAIN")
	p.until("AUTHENTICATE +")
	p.want("AUTHENTICATE "+base64.StdEncoding.EncodeToString([]byte("\x00hunter2secret\x00anna")), " 904 ", " 903 ")
	p.say("STATS m")
	for _, path := range []string{"/hunter2secret", "/changes?hunter2secret=x", "/doors/incoming/hunter2secret"} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", b.URL()+path, nil)
		must(t, request, err).SetBasicAuth("hunter2secret", "anna")
		response, err := http.DefaultClient.Do(request)
		must(t, response, err).Body.Close()
	}
	if got := log.String(); strings.Contains(got, "hunter2secret") {
		t.Errorf("the log: %s", got)
	}
	ada.say("PING 3")
	if line := ada.until("hunter2secret", " PONG "); strings.Contains(line, "hunter2secret") {
		t.Errorf("an operator sees %q", line)
	}

	tries := map[string]func(*person, int){
		"OPER": func(p *person, n int) { p.want(fmt.Sprintf("OPER anna wrong%d", n), " 464 ", " 381 ") },
		"NS IDENTIFY": func(p *person, n int) {
			p.want(fmt.Sprintf("NS IDENTIFY anna wrong%d", n), " NOTICE ", " 900 ")
		},
		"PLAIN": func(p *person, n int) {
			p.say("AUTHENTICATE PLAIN")
			p.until("AUTHENTICATE +")
			p.want("AUTHENTICATE "+base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "\x00anna\x00wrong%d", n)), " 904 ", " 903 ")
		},
		"SCRAM": func(p *person, n int) {
			p.say("AUTHENTICATE SCRAM-SHA-256")
			p.until("AUTHENTICATE +")
			p.want("AUTHENTICATE "+base64.StdEncoding.EncodeToString([]byte("nonsense")), " 904 ", " 903 ")
		},
	}
	for name, try := range tries {
		p := connect(t, b.IRCAddr(), "n"+strings.ToLower(name[:2]))
		for n := range 10 {
			try(p, n)
		}
		p.until("Too many logins failed")
	}
	mixed := connect(t, b.IRCAddr(), "mixed")
	for n := range 10 {
		tries[[]string{"OPER", "NS IDENTIFY", "PLAIN", "SCRAM"}[n%4]](mixed, n)
	}
	mixed.until("Too many logins failed")
	token, err := b.Accounts().AddToken("anna", 0)
	changes := connectAs(t, b.IRCAddr(), "anna", "anna:"+must(t, token, err))
	for n := range 5 {
		changes.want(fmt.Sprintf("NS PASSWD wrong%d newpassword", n), " NOTICE ", " 900 ")
		changes.want(fmt.Sprintf("NS CERT DEL %064d wrong%d", n, n), " NOTICE ", " 900 ")
	}
	changes.until("Too many logins failed")
}
