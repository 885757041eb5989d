package bus

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/ircbus/ircbus/ircd"
	"github.com/ircbus/ircbus/publisher/door"
)

// listeners are the bus's open doors; nil where the configuration gives no
// address. The server that accepts on a listener closes it.
type listeners struct {
	irc, ircTLS, http, httpTLS net.Listener
}

// withoutProbes leaves out TCP's keep-alive, a packet in 15 seconds for each client
// that does nothing, for IRC has its own.
var withoutProbes = net.ListenConfig{KeepAlive: -1}

// listen opens all of them or none.
func listen(ctx context.Context, c Config, secure *tls.Config, log *slog.Logger) (_ listeners, err error) {
	var l listeners
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	for _, at := range []struct {
		listener *net.Listener
		address  Addresses
		key      string // of the configuration; the flag has - for _
		flag     string
		config   net.ListenConfig
	}{
		{&l.irc, c.IRC, "irc", "--irc", withoutProbes},
		{&l.ircTLS, c.IRCTLS, "irc_tls", "--irc-tls", withoutProbes},
		{&l.http, c.HTTP, "http", "--http", net.ListenConfig{}},
		{&l.httpTLS, c.HTTPTLS, "http_tls", "--http-tls", net.ListenConfig{}},
	} {
		if at.address == "" {
			continue
		}
		if *at.listener = c.Sockets[at.key]; *at.listener != nil {
			// somebody else listens for us
		} else if *at.listener, err = door.Listen(ctx, at.config, string(at.address)); err != nil {
			return listeners{}, listenError(err, string(at.address), at.flag, at.key)
		}
		*at.listener = behindProxies(*at.listener, c.proxies(), log)
	}
	if l.ircTLS != nil {
		l.ircTLS = ircd.NewTLSListener(l.ircTLS, secure)
	}
	return l, nil
}

func (l listeners) close() {
	for _, listener := range []net.Listener{l.irc, l.ircTLS, l.http, l.httpTLS} {
		if listener != nil {
			listener.Close()
		}
	}
}

// listenError says what to do about an address that cannot be listened on. flag
// is "" where there is none.
func listenError(err error, address, flag, key string) error {
	var failed *net.OpError
	if errors.As(err, &failed) && failed.Addr != nil && strings.Contains(address, ",") {
		address = failed.Addr.String()
	}
	choose := fmt.Sprintf("choose another address with %s or %s = in the configuration (port 0 takes a free one)", flag, key)
	if flag == "" {
		choose = fmt.Sprintf("choose another address with %s = in the configuration", key)
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("another program already listens on %s: stop it or %s", address, choose)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("the system does not let this user listen on %s: %s", address, choose)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("this machine does not have the address %s: %s", address, choose)
	}
	return fmt.Errorf("cannot listen on %s (%w): %s", address, err, choose)
}

// address is where a listener can be reached from here, or "".
func address(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

// public is the address of a listener to tell to others: a listener on every
// address is told with the host of the public URL, or the machine's name.
func public(l net.Listener, base string) string {
	if l == nil {
		return ""
	}
	told := l.Addr()
	if addrs := door.Addrs(l); isLocal(told) { // of several, one for others
		told = addrs[max(0, slices.IndexFunc(addrs, func(a net.Addr) bool { return !isLocal(a) }))]
	}
	host, port, err := net.SplitHostPort(told.String())
	if err != nil {
		return told.String()
	}
	ip := net.ParseIP(host)
	if u, err := url.Parse(base); err == nil && u.Hostname() != "" && !ip.IsLoopback() {
		host = u.Hostname()
	} else if ip.IsUnspecified() {
		if host, err = os.Hostname(); err != nil {
			host = "localhost"
		}
	}
	return net.JoinHostPort(host, port)
}

// baseURL is the base address of the HTTP API, without a / at its end; "" if
// there is none.
func baseURL(c Config, l listeners) string {
	switch {
	case c.URL != "":
		return c.URL
	case l.httpTLS != nil:
		return "https://" + public(l.httpTLS, "")
	case l.http != nil:
		return "http://" + public(l.http, "")
	}
	return ""
}
