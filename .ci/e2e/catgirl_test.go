package e2e

import (
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"testing"
)

// catgirl is Debian's catgirl in a terminal.
type catgirl struct{ *terminal }

// startCatgirl connects by TLS and logs in with SASL EXTERNAL, a certificate of
// its own.
func startCatgirl(t *testing.T, b *bus, p person) client {
	t.Helper()
	host, port, _ := net.SplitHostPort(b.ircTLS)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	b.run("", "account", "cert", p.name, selfSigned(t, cert, key))
	config := filepath.Join(dir, "bus")
	writeFile(t, config, fmt.Sprintf(`host = %s
port = %s
trust = %s
nick = %s
sasl-external
cert = %s
priv = %s
highlight = *!*@* PRIVMSG * *Physics*
timestamp = %%H:%%M:%%S
hash = 0,0
`, host, port, b.certificate, p.name, cert, key))
	c := catgirl{startTerminal(t, "HOME="+dir+" catgirl "+config)}
	waitFor(t, "catgirl to be welcomed", func() bool { return c.shows("You arrive in ircbus") })
	return c
}

func (c catgirl) join(channel string) {
	c.t.Helper()
	c.enter("/join " + channel)
	waitFor(c.t, "catgirl to join "+channel, func() bool { return c.showsAtEnd("arrives in " + channel) })
}

// reversed is how catgirl shows the nick of a highlighted line.
var reversed = regexp.MustCompile(`\x1b\[([0-9]+;)*7m`)

func (c catgirl) lines(channel string) []line {
	c.t.Helper()
	c.enter("/window " + channel)
	waitFor(c.t, "catgirl's window of "+channel, func() bool { return c.showsAtEnd("arrives in " + channel) })
	return c.clockLines(reversed)
}
