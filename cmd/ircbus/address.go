package main

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus/cmd/ircbus/bus"

	"github.com/ircbus/ircbus/publisher/webclient"
)

// Where a bus is about which nothing was said.
const (
	defaultHTTP = "http://127.0.0.1:8667"
	defaultIRC  = "127.0.0.1:6667"
)

// busAddress is where a bus can be reached: over HTTP or over IRC.
type busAddress struct {
	http string // base address of the HTTP API, without a / at the end; "" if it is over IRC
	irc  string // host:port
	tls  bool   // IRC over TLS
}

// publishing are the flags of commands that publish, over HTTP or IRC.
type publishing struct {
	Server string `help:"The bus: HOST or HOST:PORT of its HTTP, http://… or https://…, or over IRC irc://HOST:PORT or ircs://HOST:PORT (default: the configuration's, else irc://127.0.0.1:6667)." placeholder:"ADDR" env:"IRCBUS_SERVER"`

	// As before there was --server.
	IRC string `name:"irc" hidden:"" placeholder:"ADDR"`
	URL string `name:"url" hidden:"" placeholder:"URL"`
}

// httpServer is the flag of commands that speak HTTP with a bus; --url is its name
// from before.
type httpServer struct {
	Server string `help:"The bus: HOST or HOST:PORT of its HTTP, or its base address (default: the configuration's, else http://127.0.0.1:8667)." placeholder:"ADDR" env:"IRCBUS_SERVER" aliases:"url"`
}

// address is where to publish.
func (p *publishing) address(g *globals) (busAddress, error) {
	switch {
	case p.URL != "" && p.IRC != "":
		return busAddress{}, usagef("--url goes not with --irc: name one bus, with --server")
	case p.URL != "":
		return parseAddress("--url", p.URL)
	case p.IRC != "" && !strings.Contains(p.IRC, "://"):
		return parseAddress("--irc", "irc://"+p.IRC)
	case p.IRC != "":
		a, err := parseAddress("--irc", p.IRC)
		if err == nil && a.irc == "" {
			err = usagef("--irc %s is no address for IRC: use irc://HOST:PORT or ircs://HOST:PORT", p.IRC)
		}
		return a, err
	case p.Server != "":
		return parseAddress("--server", p.Server)
	case g.Config == "":
		return busAddress{irc: defaultIRC}, nil
	}
	config, err := loadConfig(g)
	if err != nil {
		return busAddress{}, err
	}
	if a, ok := localIRC(config); ok {
		return a, nil
	}
	return localHTTP(g, config)
}

// httpAddress is the base address of a bus's HTTP API: that of a flag or the
// environment, else the configuration's, else the default.
func httpAddress(g *globals, server string) (string, error) {
	if server == "" && g.Config == "" {
		return defaultHTTP, nil
	}
	var a busAddress
	var err error
	if server != "" {
		a, err = parseAddress("--server", server)
	} else if config, failed := loadConfig(g); failed != nil {
		err = failed
	} else {
		a, err = localHTTP(g, config)
	}
	if err == nil && a.http == "" {
		err = usagef("--server %s is the bus's address for IRC: this needs that of its HTTP", server)
	}
	return a.http, err
}

// parseAddress reads what a flag says.
func parseAddress(flag, text string) (busAddress, error) {
	given := text
	if !strings.Contains(text, "://") {
		if _, _, err := net.SplitHostPort(text); err != nil {
			text = net.JoinHostPort(strings.Trim(text, "[]"), "8667")
		}
		text = "http://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !isPort(u.Port()):
	case u.Scheme == "http" || u.Scheme == "https":
		return busAddress{http: strings.TrimSuffix(text, "/")}, nil
	case strings.Trim(u.Path, "/") != "":
	case u.Scheme == "irc":
		return busAddress{irc: withPort(u, "6667")}, nil
	case u.Scheme == "ircs":
		return busAddress{irc: withPort(u, "6697"), tls: true}, nil
	}
	return busAddress{}, usagef("%s %q is not a bus's address: use HOST, HOST:PORT, http://…, https://…, irc://HOST:PORT or ircs://HOST:PORT",
		flag, given)
}

// isPort reports whether it is a port's number, or "".
func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil
}

func withPort(u *url.URL, port string) string {
	if u.Port() != "" {
		port = u.Port()
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// localIRC is where a configured bus listens for IRC on this machine, if it does so
// without TLS.
func localIRC(c bus.Config) (busAddress, bool) {
	irc, ok := nearby(c.IRC)
	return busAddress{irc: irc}, ok
}

// localHTTP is where a configured bus can be asked over HTTP from this machine: by
// its public address if that is safe and the plain one is not.
func localHTTP(g *globals, c bus.Config) (busAddress, error) {
	plain, ok := nearby(c.HTTP)
	host, _, _ := net.SplitHostPort(plain) // nearby has done it
	secure, tls := nearby(c.HTTPTLS)
	switch {
	case ok && webclient.IsLoopback(host):
		return busAddress{http: "http://" + plain}, nil
	case strings.HasPrefix(c.URL, "https://"):
		return busAddress{http: c.URL}, nil
	case ok:
		return busAddress{http: "http://" + plain}, nil
	case tls:
		return busAddress{http: "https://" + secure}, nil
	}
	return busAddress{}, usagef("%s does not say at which port the bus can be reached over HTTP: name the bus with --server", g.Config)
}

// nearby is where a program on this machine reaches a listener, on loopback if it
// can; not ok if nothing listens there, or at a port that the system chooses.
func nearby(addresses bus.Addresses) (found string, ok bool) {
	for _, address := range addresses.List() {
		host, port, err := net.SplitHostPort(address)
		if err != nil || port == "0" {
			continue
		}
		if host == "" || net.ParseIP(host).IsUnspecified() {
			host = "localhost"
		}
		if webclient.IsLoopback(host) {
			return net.JoinHostPort(host, port), true
		}
		if !ok {
			found, ok = net.JoinHostPort(host, port), true
		}
	}
	return found, ok
}
