package bus

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// writeCertificate makes a self-signed certificate with this serial number.
func writeCertificate(t testing.TB, certFile, keyFile string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "bus.example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// serial is the number of the certificate that a TLS listener shows.
func serial(t *testing.T, address string) int64 {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// logged collects what a bus logs.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestReloadCertificate: new connections get the new certificate, old ones stay,
// a bad certificate changes nothing.
func TestReloadCertificate(t *testing.T) {
	c, log := quiet(t), &logged{}
	c.Log = slog.New(slog.NewTextHandler(log, nil))
	c.IRCTLS, c.HTTPTLS = "127.0.0.1:0", "127.0.0.1:0"
	c.Cert, c.Key = filepath.Join(c.Data, "cert"), filepath.Join(c.Data, "key")
	writeCertificate(t, c.Cert, c.Key, 1)
	b := startBus(t, c)

	conn, err := tls.Dial("tcp", b.IRCTLSAddr(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	old := meet(t, conn, "old")
	client := &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	defer client.CloseIdleConnections()
	answer, err := client.Get("https://" + b.HTTPTLSAddr() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.ProtoMajor != 2 {
		t.Errorf("HTTPS answered %s %s", answer.Proto, answer.Status)
	}

	writeCertificate(t, c.Cert, c.Key, 2)
	if err := b.Reload(c); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{b.IRCTLSAddr(), b.HTTPTLSAddr()} {
		if got := serial(t, address); got != 2 {
			t.Errorf("%s shows certificate %d", address, got)
		}
	}
	if err := os.WriteFile(c.Cert, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Reload(c); err == nil {
		t.Error("a broken certificate was taken")
	}
	if got := serial(t, b.IRCTLSAddr()); got != 2 {
		t.Errorf("after a broken one the certificate is %d", got)
	}
	old.say("PING still")
	old.until("PONG")
}

// TestReload: what can change changes, what cannot is named in the log.
func TestReload(t *testing.T) {
	c, log := quiet(t), &logged{}
	c.Log = slog.New(slog.NewTextHandler(log, nil))
	b := startBus(t, c)
	if _, _, err := b.directory.ensure(ircbus.Wiki{Publisher: "moin"}); err != nil {
		t.Fatal(err)
	}
	next := c
	next.Publishers = map[string]Publisher{"moin": {Text: "#readable"}}
	next.Access, next.Limits.Lines = AccessLogin, 3
	if err := b.Reload(next); err != nil {
		t.Fatal(err)
	}
	if text := b.directory.wikis()[0].Feeds[0].Text; text != "#readable" {
		t.Errorf("the readable channel is %s", text)
	}
	if got := log.String(); !strings.Contains(got, "access limits") {
		t.Errorf("the log does not name what needs a restart:\n%s", got)
	}
	next.Publishers = map[string]Publisher{"moin": {Text: "no channel"}}
	if err := b.Reload(next); err == nil || !strings.Contains(err.Error(), "publisher.moin.text") {
		t.Errorf("a bad configuration: %v", err)
	}
	if text := b.directory.wikis()[0].Feeds[0].Text; text != "#readable" {
		t.Errorf("after a bad configuration the readable channel is %s", text)
	}
}

func TestUntimely(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	certificate := &x509.Certificate{NotBefore: from, NotAfter: from.AddDate(0, 3, 0)}
	for day, want := range map[int]string{-1: "not valid yet", 1: "", 82: "", 85: "within a week", 91: "has expired"} {
		got := untimely(certificate, from.AddDate(0, 0, day))
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("day %d: %q", day, got)
		}
	}
}

// TestTLSVersions: nothing older than TLS 1.2, and on the IRC listener alone a
// client is asked for its certificate.
func TestTLSVersions(t *testing.T) {
	b := behindProxy(t)
	for address, wantAsked := range map[string]bool{b.IRCTLSAddr(): true, b.HTTPTLSAddr(): false} {
		asked := false
		config := &tls.Config{
			InsecureSkipVerify: true,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				asked = true
				return &tls.Certificate{}, nil
			},
		}
		conn, err := tls.Dial("tcp", address, config)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if asked != wantAsked {
			t.Errorf("%s asks for a certificate: %v", address, asked)
		}
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		if conn, err := tls.Dial("tcp", address, config); err == nil {
			conn.Close()
			t.Errorf("%s takes TLS 1.1", address)
		}
	}
}
