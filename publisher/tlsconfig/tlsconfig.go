// Package tlsconfig says which TLS every listener and client here speaks: 1.2 with
// authenticated encryption (AEAD) and forward secrecy alone, or 1.3 (RFC 9325).
package tlsconfig

import (
	"crypto/tls"
	"slices"
)

// suites are those of TLS 1.2; 1.3 has no others.
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// New returns a configuration that has nothing else in it.
func New() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, CipherSuites: slices.Clone(suites)}
}

// Complete returns a copy of a caller's configuration, nil for an empty one, in which
// what it leaves open is as in New.
func Complete(config *tls.Config) *tls.Config {
	if config == nil {
		return New()
	}
	c := config.Clone()
	if c.MinVersion == 0 {
		c.MinVersion = tls.VersionTLS12
	}
	if c.CipherSuites == nil {
		c.CipherSuites = slices.Clone(suites)
	}
	return c
}
