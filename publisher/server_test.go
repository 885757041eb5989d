package publisher_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/cmd/ircbus/bus"
	"github.com/ircbus/ircbus/ircd"
	"github.com/ircbus/ircbus/publisher"
)

// fullDisk is a store that is full at first: it refuses some batches and keeps
// the others.
type fullDisk struct {
	mu      sync.Mutex
	refuse  map[int]bool // by number of the call
	calls   int
	stored  []string
	refused int
}

func (d *fullDisk) Append(_ context.Context, batch []ircbus.Event) (receipts []ircbus.Receipt, _ error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.calls++; d.refuse[d.calls] {
		d.refused++
		return nil, ircbus.Refuse(ircbus.StoreUnavailable, "no space left on device")
	}
	for _, e := range batch {
		d.stored = append(d.stored, e.Fields.Get("page"))
		receipts = append(receipts, ircbus.Receipt{ID: ircbus.ID(len(d.stored)), At: time.Now()})
	}
	return receipts, nil
}

// serveIRC runs the IRC server alone on the store, with anybody's password.
func serveIRC(t *testing.T, d *fullDisk) (addr string) {
	t.Helper()
	server, err := ircd.New(ircd.Config{
		Name: "irc.example", Append: d.Append,
		Login: func(_ context.Context, name, _ string, _ netip.Addr) (ircd.Account, error) {
			return ircd.Account{Name: name}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server.SetPublishers([]ircd.Publisher{{Wiki: ircbus.Wiki{
		Publisher: "wiki", Feeds: []ircbus.Feed{{Channel: "#wiki", Text: "#wiki.text"}},
	}}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(l) })
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		server.Shutdown(ctx, "the test is over")
		serving.Wait()
	})
	return l.Addr().String()
}

// TestStoreUnavailable: a refusal that passes is overcome, with and without a
// spool, and events that were published one after the other keep their order.
func TestStoreUnavailable(t *testing.T) {
	for name, spool := range map[string]string{"without spool": "", "with spool": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			disk := &fullDisk{refuse: map[int]bool{3: true, 4: true, 7: true}}
			c, err := publisher.Dial(soon(t), publisher.Options{Addr: serveIRC(t, disk), Account: "wiki", Secret: "x", Spool: spool})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for _, name := range pages(0, 10) {
				if r := publish(t, c, name); r.ID == 0 && spool == "" {
					t.Errorf("%s got no id", name)
				}
			}
			if err := c.Flush(soon(t)); err != nil {
				t.Fatal(err)
			}
			disk.mu.Lock()
			defer disk.mu.Unlock()
			if diff := cmp.Diff(pages(0, 10), disk.stored); diff != "" || disk.refused != 3 {
				t.Errorf("%d refused, stored (-want +got):\n%s", disk.refused, diff)
			}
		})
	}
}

// TestContextEndsWhileAway: without a spool Publish tries until ctx ends, and
// the error says why it was in vain.
func TestContextEndsWhileAway(t *testing.T) {
	b := newBus(t)
	c := b.dial()
	b.stop()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Publish(ctx, page("page0")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Publish = %v", err)
	}
	b.start()
	if err := c.Flush(soon(t)); err != nil { // the event was withdrawn, or had been sent
		t.Error(err)
	}
	publish(t, c, "page1")
}

// certificate writes a self-signed certificate for 127.0.0.1.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
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
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	if err := errors.Join(os.WriteFile(certFile, text, 0o600),
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)); err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return certFile, keyFile, pool
}

func TestTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	b := newBus(t, func(c *bus.Config) { c.IRCTLS, c.Cert, c.Key = "127.0.0.1:0", cert, key })
	secure := func(o *publisher.Options) {
		o.Addr, o.TLS = b.bus.IRCTLSAddr(), &tls.Config{RootCAs: pool}
	}
	if r := publish(t, b.dial(secure), "page0"); r.ID == 0 {
		t.Error("no id")
	}
	var unknown x509.UnknownAuthorityError
	_, err := publisher.Dial(soon(t), b.options(secure, func(o *publisher.Options) { o.TLS.RootCAs = x509.NewCertPool() }))
	if !errors.As(err, &unknown) {
		t.Errorf("with a certificate that nobody vouches for: %v", err)
	}
	b.storedPages(pages(0, 1))
}
