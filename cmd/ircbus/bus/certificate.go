package bus

import (
	"crypto/tls"
	"fmt"
	"sync/atomic"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/tlsconfig"
)

// certificate is the TLS certificate in use; it can be exchanged while
// connections are made.
type certificate struct {
	current atomic.Pointer[tls.Certificate]
}

// load reads the files and, if they are good, uses them from now on.
func (c *certificate) load(certFile, keyFile string) error {
	pair, err := loadPair(certFile, keyFile)
	if err != nil {
		return err
	}
	c.current.Store(pair)
	return nil
}

// loadPair reads a certificate and its key.
func loadPair(certFile, keyFile string) (*tls.Certificate, error) {
	if certFile == "" || keyFile == "" {
		return nil, fmt.Errorf("a TLS address needs a certificate and its key: give both with --cert and --key")
	}
	certificates, err := ircbus.ReadTextFile(certFile)
	var key []byte
	if err == nil {
		key, err = ircbus.ReadTextFile(keyFile)
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.X509KeyPair(certificates, key)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot use the certificate %s with the key %s: %w", certFile, keyFile, err)
	}
	return &pair, nil
}

// forIRC is the TLS configuration of the IRC listener. It asks for a client
// certificate but takes any, or none: what counts is whose fingerprint an
// account knows.
func (c *certificate) forIRC() *tls.Config {
	config := c.config()
	config.ClientAuth = tls.RequestClientCert
	return config
}

// config is the TLS configuration that all listeners share. It is the least that
// is safe.
func (c *certificate) config() *tls.Config {
	config := tlsconfig.New()
	config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil }
	return config
}
