package webclient

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestCaseA18Secret: no name that only looks like loopback's gets a secret.
func TestCaseA18Secret(t *testing.T) {
	for address, may := range map[string]bool{
		"https://bus.example": true, "http://127.0.0.1:8667": true, "http://127.9.9.9": true, "http://[::1]:1": true, "http://localhost": true,
		"http://LocalHost.:8667": true, "http://[::ffff:127.0.0.1]": true,
		"http://bus.example": false, "http://192.0.2.7": false, "http://127.0.0.1.evil.example": false, "http://127.evil.example": false,
		"http://localhost.evil.example": false, "http://127.0.0.1@evil.example": false, "http://0.0.0.0": false, "ftp://127.0.0.1": false, "http://[fe80::1]": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckSecret(u); (err == nil) != may {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestCaseA18Redirect: redirects stay on the host and its port, or go to TLS there.
func TestCaseA18Redirect(t *testing.T) {
	for _, test := range []struct {
		from, to string
		follows  bool
	}{
		{"http://h/a", "http://h/b", true}, {"http://h/a", "http://H:80/b", true}, {"https://h/a", "https://h:443/b", true},
		{"http://h/a", "https://h/a", true}, {"http://h:8667/a", "https://h:8697/a", true},
		{"https://h/a", "http://h/a", false}, {"http://h/a", "http://h:81/a", false}, {"https://h/a", "https://h:8443/a", false},
		{"http://h/a", "http://other/a", false}, {"https://h/a", "https://sub.h/a", false}, {"https://h/a", "https://h.evil/a", false},
		{"https://h/a", "ftp://h/a", false},
	} {
		err := StayOnHost(httptest.NewRequest("GET", test.to, nil), []*http.Request{httptest.NewRequest("GET", test.from, nil)})
		if (err == nil) != test.follows {
			t.Errorf("%s to %s: %v", test.from, test.to, err)
		}
	}
	round := httptest.NewServer(http.RedirectHandler("/", http.StatusFound))
	defer round.Close()
	_, err := (&http.Client{CheckRedirect: StayOnHost}).Get(round.URL)
	if err == nil || !strings.Contains(err.Error(), "more than 5 redirections") {
		t.Errorf("round and round: %v", err)
	}
}
