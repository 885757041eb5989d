package bus

import (
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

const (
	plainIRC  = "passwords can be read on the way to the plain IRC listener: use irc_tls beyond loopback"
	plainHTTP = "passwords can be read on the way to the plain HTTP listener: use http_tls or a proxy beyond loopback"
)

// warnPlain names the listeners over which passwords travel readable beyond this
// machine. A proxy may protect HTTP: then it has a public https address.
func (b *Bus) warnPlain() {
	if l := b.listeners.irc; l != nil && !isLoopback(l) {
		b.configLog.Warn(plainIRC, "address", address(l))
	}
	if l := b.listeners.http; l != nil && !isLoopback(l) && !strings.HasPrefix(b.config.URL, "https://") {
		b.configLog.Warn(plainHTTP, "address", address(l))
	}
}

// isLoopback reports whether a listener is on loopback alone.
func isLoopback(l net.Listener) bool {
	return !slices.ContainsFunc(door.Addrs(l), func(a net.Addr) bool { return !isLocal(a) })
}

func isLocal(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// warnCertificate says when clients will refuse the certificate in use.
func (b *Bus) warnCertificate() {
	if pair := b.cert.current.Load(); pair != nil {
		if problem := untimely(pair.Leaf, time.Now()); problem != "" {
			b.configLog.Warn(problem, "from", pair.Leaf.NotBefore, "until", pair.Leaf.NotAfter)
		}
	}
}

// untimely says what is wrong with a certificate's time, or nothing.
func untimely(c *x509.Certificate, now time.Time) string {
	switch {
	case now.Before(c.NotBefore):
		return "clients refuse the certificate: it is not valid yet"
	case now.After(c.NotAfter):
		return "clients refuse the certificate: it has expired, replace it and send SIGHUP"
	case now.After(c.NotAfter.AddDate(0, 0, -7)):
		return "the certificate expires within a week: replace it and send SIGHUP"
	}
	return ""
}

// warnOf logs what Review finds in the sections about publishers and channels.
func (b *Bus) warnOf(c Config) {
	var found checker
	c.aboutNobody(&found, b.directory.knows, b.directory.hasFeed)
	c.placeholders(&found)
	c.shortSecrets(&found)
	for _, p := range found {
		b.configLog.Warn(p.Reason, "key", strings.Join(p.Key, "."))
	}
}

// shortSecrets names those whose secrets could be found by trying.
func (c *Config) shortSecrets(found *checker) {
	for _, file := range []struct{ section, path string }{
		{"forge", c.Forge.SecretsFile}, {"moin", c.Moin.SecretsFile}, {"prism", c.Prism.SecretsFile}, {"psyc", c.PSYC.SecretsFile},
	} {
		if file.path == "" {
			continue
		}
		secrets, err := door.OpenSecrets(file.path)
		if err != nil {
			continue // which Check refuses
		}
		for _, name := range secrets.Short() {
			found.warn(fmt.Errorf("the secret of %q has fewer than 16 bytes and could be found by trying: give it a longer one, as from openssl rand -hex 32", name), file.section, "secrets_file")
		}
	}
}

// aboutNobody names the sections of a configuration that are about nobody: the name
// is mistyped, or the account is still to be made.
func (c *Config) aboutNobody(found *checker, knows, hasFeed func(string) bool) {
	for _, name := range sortedKeys(c.Publishers) {
		if !knows(name) && !c.mayBring(name) {
			found.warn(errors.New("there is no such publisher: correct the name, or make it with ircbus account add"), "publisher", name)
		}
	}
	for _, channel := range sortedKeys(c.Retention) {
		if channel != "*" && !hasFeed(channel) && !c.mayBring(strings.TrimPrefix(channel, "#")) {
			found.warn(errors.New("nobody publishes in this channel: correct the name if it is mistyped"), "retention", channel)
		}
	}
}

// mayBring reports whether a door makes a publisher of the name.
func (c *Config) mayBring(name string) bool {
	if c.MediaWiki.mayBring(name) || c.EventStreams.mayBring(name) {
		return true
	}
	names := slices.Concat(sortedKeys(c.Poll), sortedKeys(c.Moin.Wikis),
		c.Forge.names(), slices.Collect(maps.Values(c.Mail.Publishers)),
		[]string{c.Irker.Publisher, c.Mail.Publisher, c.Prism.Publisher, c.PSYC.Publisher, c.Syslog.Publisher, c.MQTT.Publisher})
	return slices.ContainsFunc(names, func(n string) bool { return ircbus.Fold(n) == ircbus.Fold(name) })
}

// hasFeed reports whether somebody publishes in the channel.
func (d *directory) hasFeed(channel string) bool {
	return slices.ContainsFunc(d.wikis(), func(w ircbus.Wiki) bool {
		return slices.ContainsFunc(w.Feeds, func(f ircbus.Feed) bool {
			return ircbus.Fold(f.Channel) == ircbus.Fold(channel)
		})
	})
}
