package subscriber_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bus"
	"github.com/ircbus/ircbus/subscriber"
)

// TestTLS follows over HTTPS and IRC with TLS, found through HTTPS, with a
// certificate that the options alone vouch for; and with a login.
func TestTLS(t *testing.T) {
	w := newWorld(t)
	w.stop()
	cert, key, trust := selfSigned(t)
	b, err := bus.Start(t.Context(), bus.Config{
		Data: w.dir, IRC: "127.0.0.1:0", IRCTLS: "127.0.0.1:0", HTTP: "127.0.0.1:0", HTTPTLS: "127.0.0.1:0",
		Cert: cert, Key: key, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.bus = b
	w.publishAll("moin", 0, 20)
	o := w.options()
	o.HTTP, o.IRC = "https://"+b.HTTPTLSAddr(), ""
	o.Account, o.Secret = "reader", "open sesame"
	o.TLS = &tls.Config{RootCAs: trust}
	r := newRecorder()
	follow(t, o, r, "#moin", "#other")
	r.wait(t, 20)
	w.publishAll("moin", 20, 60)
	r.wait(t, 60)
	r.check(t, w.stored(everything...))

	o.TLS = nil // the system does not trust it
	o.Account, o.Secret = "", ""
	distrustful(t, o)
}

// distrustful checks that an unknown certificate is named as what is wrong.
func distrustful(t *testing.T, o subscriber.Options) {
	lines := make(chan string, 100)
	o.Log = slog.New(slog.NewTextHandler(lineWriter(lines), nil))
	follow(t, o, newRecorder(), "#moin")
	timeout := time.After(patience)
	for {
		select {
		case line := <-lines:
			if strings.Contains(line, "certificate") {
				return
			}
		case <-timeout:
			t.Fatal("nothing is said of the certificate")
		}
	}
}

type lineWriter chan<- string

func (w lineWriter) Write(p []byte) (int, error) {
	select {
	case w <- string(p):
	default:
	}
	return len(p), nil
}

// selfSigned makes a certificate for 127.0.0.1.
func selfSigned(t *testing.T) (certFile, keyFile string, trust *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, content []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	trust = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(cert)
	if err != nil {
		t.Fatal(err)
	}
	trust.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", cert), write("key.pem", "PRIVATE KEY", private), trust
}
