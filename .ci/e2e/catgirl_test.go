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

// startCatgirl connects by TLS and logs in with SASL PLAIN.
func startCatgirl(t *testing.T, b *bus, p person) client {
	host, port, _ := net.SplitHostPort(b.ircTLS)
	dir := t.TempDir()
	config := filepath.Join(dir, "bus")
	writeFile(t, config, fmt.Sprintf(`host = %s
port = %s
trust = %s
nick = %s
sasl-plain = %[4]s:%s
highlight = *!*@* PRIVMSG * *Physics*
timestamp = %%H:%%M:%%S
hash = 0,0
`, host, port, b.certificate, p.name, p.password))
	c := catgirl{startTerminal(t, "HOME="+dir+" catgirl "+config)}
	waitFor(t, "catgirl to be welcomed", func() bool { return c.shows("You arrive in ircbus") })
	return c
}

func (c catgirl) join(channel string) {
	c.t.Helper()
	c.enter("/join " + channel)
	waitFor(c.t, "catgirl to join "+channel, func() bool { return c.shows("arrives in " + channel) })
}

// reversed is how catgirl shows the nick of a highlighted line.
var reversed = regexp.MustCompile(`\x1b\[([0-9]+;)*7m`)

func (c catgirl) lines(channel string) []line {
	c.t.Helper()
	c.enter("/window " + channel)
	waitFor(c.t, "catgirl's window of "+channel, func() bool { return c.shows("arrives in " + channel) })
	return c.clockLines(reversed)
}
