package api

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// TestCaseA9Headers: whatever header of a proxy a request has, and with whatever
// value, from who is not listed it says that the address is not the sender's.
func TestCaseA9Headers(t *testing.T) {
	proxied := []string{
		"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Anything", "X-Forwarded", "Forwarded-For",
		"X-Real-IP", "x-real-ip", "VIA", "CF-Connecting-IP", "CF-Connecting-IPv6", "CF-Ray", "CDN-Loop", "True-Client-IP", "X-Client-IP", "Client-IP",
		"X-Cluster-Client-IP", "Fastly-Client-IP", "Fly-Client-IP", "WL-Proxy-Client-IP", "X-ProxyUser-Ip", "X-Envoy-External-Address", "X-Azure-ClientIP",
		"X-Original-Forwarded-For", "X-Original-Host", "DO-Connecting-IP", "CloudFront-Viewer-Address", "X-Remote-Addr", "X-Originating-IP", "Incap-Client-IP",
	}
	direct := []string{"Accept", "User-Agent", "X-GitHub-Event", "X-Forward", "Origin", "X-Request-Id", "Title", "Ce-Source"}
	request := func(peer, name, value string) *http.Request {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = peer
		r.Header.Set(name, value)
		return r
	}
	var log strings.Builder
	h := &Handler{Config: Config{Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}, Logger: slog.New(slog.NewTextHandler(&log, nil))}}
	for _, peer := range []string{"127.0.0.1:1", "[::1]:1", "203.0.113.9:1"} {
		for _, name := range proxied {
			for _, value := range []string{"192.0.2.7", "127.0.0.1", "for=127.0.0.1", "1.1 squid", ""} {
				if told := h.forwarded(request(peer, name, value)); remote(told).IsValid() || !counted(told).IsValid() || counted(told).IsLoopback() {
					t.Errorf("%s: %q from %s: %v, counted as %v", name, value, peer, remote(told), counted(told))
				}
			}
		}
		for _, name := range direct {
			if told := h.forwarded(request(peer, name, "192.0.2.7")); told.RemoteAddr != peer {
				t.Errorf("%s from %s: %q", name, peer, told.RemoteAddr)
			}
		}
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "proxies") {
		t.Errorf("the log: %s", got)
	}
	for _, from := range []string{"127.0.0.1", "::1", "unknown", "", "192.0.2.1, 127.0.0.1"} { // 192.0.2.1 is not this machine
		if told := h.forwarded(request("192.0.2.1:1", "X-Forwarded-For", from)); remote(told).IsValid() {
			t.Errorf("a proxy elsewhere tells of %q: %v", from, remote(told))
		}
	}
}

// FuzzForwarded: whatever a proxy passes on, the request is counted under an
// address, it comes from this machine only through a proxy here, and nobody but a
// proxy is believed.
func FuzzForwarded(f *testing.F) {
	f.Add("192.0.2.7, 10.1.2.3", "https", `for="[2001:db8::7]:1";proto=https`)
	f.Add("", "", "for=,;;=,proto")
	f.Add("[::1]:99999, fe80::1%eth0", ",", `for="`)
	h := &Handler{Config: Config{Logger: slog.New(slog.DiscardHandler), Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}}}
	f.Fuzz(func(t *testing.T, list, proto, forwarded string) {
		r := httptest.NewRequest("GET", "/", nil) // from 192.0.2.1
		for name, value := range map[string]string{"X-Forwarded-For": list, "X-Forwarded-Proto": proto, "Forwarded": forwarded} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		told := h.forwarded(r)
		if !counted(told).IsValid() || remote(told).IsLoopback() {
			t.Errorf("the address is %q", told.RemoteAddr)
		}
		r.RemoteAddr = "203.0.113.9:1"
		if told := h.forwarded(r); counted(told).String() != "203.0.113.9" || remote(told).IsValid() == (len(r.Header) > 0) || isSecure(told) {
			t.Errorf("a stranger was believed: %q", told.RemoteAddr)
		}
	})
}
