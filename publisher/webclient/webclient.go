// Package webclient has the rules that all clients of HTTP here keep: no secret
// crosses a network in plain text, and redirects stay on the host that was asked.
package webclient

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/ircbus/ircbus/publisher/tlsconfig"
)

// Transport returns one like http.DefaultTransport with the TLS that all here speak.
func Transport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone() // net/http's own is one
	transport.TLSClientConfig = tlsconfig.New()
	return transport
}

const maxRedirects = 5

// StayOnHost is a CheckRedirect of http.Client: it follows to the same host and port,
// or from plain HTTP to TLS on the same host. Where else something is now the
// configuration must say: an answer must not make us ask our neighbours, or tell
// them the secret.
func StayOnHost(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	same := strings.EqualFold(next.URL.Hostname(), first.Hostname())
	switch {
	case len(before) > maxRedirects:
		return fmt.Errorf("there were more than %d redirections", maxRedirects)
	case same && next.URL.Scheme == first.Scheme && port(next.URL) == port(first),
		same && first.Scheme == "http" && next.URL.Scheme == "https":
		return nil
	}
	return fmt.Errorf("the answer redirects to %s://%s: if that is right, configure the address there", next.URL.Scheme, next.URL.Host)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// ErrPlaintext says that a secret would be readable on its way.
var ErrPlaintext = errors.New("the secret would cross the network in plain text: use an https address")

// CheckSecret says whether a secret may be sent to the address: over TLS, or to this
// machine. The error is ErrPlaintext.
func CheckSecret(u *url.URL) error {
	if u.Scheme == "https" || u.Scheme == "http" && IsLoopback(u.Hostname()) {
		return nil
	}
	return ErrPlaintext
}

// IsLoopback reports whether a host's name or address means this machine.
func IsLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") || err == nil && addr.Unmap().IsLoopback()
}
