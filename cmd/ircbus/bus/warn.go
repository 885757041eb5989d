package bus

import (
	"crypto/x509"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// warnPlain names the listeners over which passwords travel readable beyond this
// machine. A proxy may protect HTTP: then it has a public https address.
func (b *Bus) warnPlain() {
	if l := b.listeners.irc; l != nil && !isLoopback(l) {
		b.log.Warn("passwords can be read on the way to the plain IRC listener: use irc_tls beyond loopback", "address", address(l))
	}
	if l := b.listeners.http; l != nil && !isLoopback(l) && !strings.HasPrefix(b.config.URL, "https://") {
		b.log.Warn("passwords can be read on the way to the plain HTTP listener: use http_tls or a proxy beyond loopback", "address", address(l))
	}
}

func isLoopback(l net.Listener) bool {
	tcp, ok := l.Addr().(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// warnCertificate says when clients will refuse the certificate in use.
func (b *Bus) warnCertificate() {
	if pair := b.cert.current.Load(); pair != nil {
		if problem := untimely(pair.Leaf, time.Now()); problem != "" {
			b.log.Warn(problem, "from", pair.Leaf.NotBefore, "until", pair.Leaf.NotAfter)
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

// warnAbsent names the sections of a configuration that are about nobody: the
// name is mistyped, or the account is still to be made.
func (b *Bus) warnAbsent(c Config) {
	for _, name := range sortedKeys(c.Publishers) {
		if !b.directory.knows(name) && !c.MediaWiki.mayBring(name) {
			b.log.Warn("the configuration describes a publisher that does not exist: correct the name, or make it with ircbus account add",
				"section", "publisher."+name)
		}
	}
	for _, channel := range sortedKeys(c.Retention) {
		if channel != "*" && !b.directory.hasFeed(channel) && !c.MediaWiki.mayBring(strings.TrimPrefix(channel, "#")) {
			b.log.Warn("the configuration limits a channel in which nobody publishes: correct the name if it is mistyped",
				"section", "retention."+channel)
		}
	}
}

// hasFeed reports whether somebody publishes in the channel.
func (d *directory) hasFeed(channel string) bool {
	return slices.ContainsFunc(d.wikis(), func(w ircbus.Wiki) bool {
		return slices.ContainsFunc(w.Feeds, func(f ircbus.Feed) bool {
			return ircbus.Fold(f.Channel) == ircbus.Fold(channel)
		})
	})
}
