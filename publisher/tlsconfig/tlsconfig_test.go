package tlsconfig

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
)

// TestCaseATLS: nothing old is left, and what a caller has chosen stays.
func TestCaseATLS(t *testing.T) {
	for _, c := range []*tls.Config{New(), Complete(nil), Complete(&tls.Config{ServerName: "bus.example"})} {
		if c.MinVersion != tls.VersionTLS12 || len(c.CipherSuites) == 0 {
			t.Errorf("%d, %v", c.MinVersion, c.CipherSuites)
		}
		for _, suite := range c.CipherSuites {
			name := tls.CipherSuiteName(suite)
			if !strings.HasPrefix(name, "TLS_ECDHE_") || !strings.Contains(name, "_GCM_") && !strings.Contains(name, "_POLY1305_") {
				t.Errorf("%s", name)
			}
		}
	}
	own := &tls.Config{MinVersion: tls.VersionTLS13, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}
	if c := Complete(own); c == own || c.MinVersion != tls.VersionTLS13 || !slices.Equal(c.CipherSuites, own.CipherSuites) {
		t.Errorf("%d, %v", c.MinVersion, c.CipherSuites)
	}
}
