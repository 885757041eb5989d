package bus

import (
	"crypto/tls"
	"path/filepath"
	"testing"
)

// TestCaseATLS: what has no authenticated encryption is refused on every listener
// with TLS.
func TestCaseATLS(t *testing.T) {
	c := quiet(t)
	c.IRCTLS, c.HTTPTLS = "127.0.0.1:0", "127.0.0.1:0"
	c.Cert, c.Key = filepath.Join(c.Data, "cert"), filepath.Join(c.Data, "key")
	writeCertificate(t, c.Cert, c.Key, 1)
	b := startBus(t, c)
	for _, address := range []string{b.IRCTLSAddr(), b.HTTPTLSAddr()} {
		for _, suite := range tls.CipherSuites() {
			config := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID}}
			conn, err := tls.Dial("tcp", address, config)
			if err != nil {
				continue
			}
			conn.Close()
			switch suite.ID {
			case tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256:
			default:
				t.Errorf("%s takes %s", address, suite.Name)
			}
		}
		if conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}); err != nil {
			t.Errorf("%s: %v", address, err)
		} else {
			conn.Close()
		}
		if conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil {
			conn.Close()
			t.Errorf("%s takes TLS 1.1", address)
		}
	}
}
