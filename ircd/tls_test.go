package ircd

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// listenTLS listens as the bus does, on a free port.
func listenTLS(config *tls.Config) (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return NewTLSListener(l, config), nil
}

// TestTLS: the same over TLS, beside a listener without; a connection that does
// not shake hands hurts nobody.
func TestTLS(t *testing.T) {
	b := newBus(t)
	l, err := listenTLS(&tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	if err != nil {
		t.Fatal(err)
	}
	go b.Serve(l)
	silent, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	nc, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	u := newUser(t, nc)
	u.send("NICK alice", "USER a 0 * :a", "JOIN #moin")
	u.until("366")
	u.send("WHOIS alice")
	if got := strings.Join(u.fence(), "\n"); !strings.Contains(got, " 671 alice alice ") {
		t.Error(got)
	}
	for i := range 3000 {
		b.Deliver([]ircbus.Event{event(i+1, "#moin", "page", "P", "comment", strings.Repeat("x", 300))})
	}
	lines := u.fence()
	if len(lines) != 3000 || idIn(lines[2999], "#moin") != 3000 {
		t.Errorf("%d lines", len(lines))
	}
	u.send("QUIT :bye")
	if got := u.rest(); len(got) != 1 || got[0] != "ERROR :Quit: bye" {
		t.Errorf("got %q", got)
	}
}

// TestHandshakeTimeout: a TLS handshake that never ends takes no longer than a
// registration.
func TestHandshakeTimeout(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.Registration = 50 * time.Millisecond })
	l, err := listenTLS(&tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	if err != nil {
		t.Fatal(err)
	}
	go b.Serve(l)
	for _, begun := range []string{"", "\x16\x03\x01"} {
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		u := newUser(t, nc)
		nc.Write([]byte(begun)) // which comes too late if this machine is busy
		u.rest()
	}
	wait(t, "the connections to be forgotten", func() bool { return b.Stats().Connections == 0 })
}

// TestClientCertificate: the server knows which certificate a client has shown,
// and tells it in WHOIS; one without gets in as well.
func TestClientCertificate(t *testing.T) {
	b := newBus(t)
	l, err := listenTLS(&tls.Config{
		Certificates: []tls.Certificate{certificate(t)}, ClientAuth: tls.RequestClientCert,
	})
	if err != nil {
		t.Fatal(err)
	}
	go b.Serve(l)
	mine := certificate(t)
	for nick, config := range map[string]*tls.Config{
		"alice": {InsecureSkipVerify: true, Certificates: []tls.Certificate{mine}},
		"bob":   {InsecureSkipVerify: true},
	} {
		nc, err := tls.Dial("tcp", l.Addr().String(), config)
		if err != nil {
			t.Fatal(err)
		}
		u := newUser(t, nc)
		u.send("NICK "+nick, "USER x 0 * :x")
		u.until(" 422 ")
		b.Server.mu.Lock()
		shown := b.nicks[foldNick(nick)].clients[0].conn.certificate()
		b.Server.mu.Unlock()
		if got := shown != nil && bytes.Equal(shown.Raw, mine.Certificate[0]); got != (nick == "alice") {
			t.Errorf("%s has shown %v", nick, shown)
		}
		u.send("WHOIS " + nick)
		fingerprint := fmt.Sprintf(" 276 %s %s :has client certificate fingerprint %x\n", nick, nick, sha256.Sum256(mine.Certificate[0]))
		if lines := strings.Join(u.until(" 318 "), "\n"); strings.Contains(lines, fingerprint) != (nick == "alice") {
			t.Errorf("%s:\n%s", nick, lines)
		}
	}
}

func certificate(t testing.TB) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"irc.test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
