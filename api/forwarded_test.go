package api

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

// FuzzForwarded: whatever a proxy passes on, the request has an address, and
// nobody but a proxy is believed.
func FuzzForwarded(f *testing.F) {
	f.Add("192.0.2.7, 10.1.2.3", "https", `for="[2001:db8::7]:1";proto=https`)
	f.Add("", "", "for=,;;=,proto")
	f.Add("[::1]:99999, fe80::1%eth0", ",", `for="`)
	h := &Handler{Config: Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}}}
	f.Fuzz(func(t *testing.T, list, proto, forwarded string) {
		r := httptest.NewRequest("GET", "/", nil) // from 192.0.2.1
		for name, value := range map[string]string{"X-Forwarded-For": list, "X-Forwarded-Proto": proto, "Forwarded": forwarded} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		told := h.forwarded(r)
		if !remote(told).IsValid() {
			t.Errorf("the address is %q", told.RemoteAddr)
		}
		r.RemoteAddr = "203.0.113.9:1"
		if told := h.forwarded(r); remote(told).String() != "203.0.113.9" || isSecure(told) {
			t.Errorf("a stranger was believed: %q", told.RemoteAddr)
		}
	})
}
