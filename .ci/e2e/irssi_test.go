package e2e

import (
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"testing"
)

// irssi is Debian's irssi in a terminal.
type irssi struct{ *terminal }

// startIrssi connects by TLS and logs in with SASL PLAIN.
func startIrssi(t *testing.T, b *bus, p person) client {
	_, port, _ := net.SplitHostPort(b.ircTLS)
	return newIrssi(t,
		fmt.Sprintf(`address = "localhost"; family = "inet"; port = "%s"; use_tls = "yes"; tls_verify = "yes"; tls_cafile = "%s";`, port, b.certificate),
		fmt.Sprintf(`nick = "%s"; sasl_mechanism = "PLAIN"; sasl_username = "%[1]s"; sasl_password = "%s";`, p.name, p.password))
}

// newIrssi runs irssi with these settings of the server and of the network.
func newIrssi(t *testing.T, server, network string) irssi {
	t.Helper()
	home := t.TempDir()
	writeFile(t, filepath.Join(home, "config"), fmt.Sprintf(`servers = ( { chatnet = "bus"; autoconnect = "yes"; %s } );
chatnets = { bus = { type = "IRC"; %s }; };
hilights = ( { text = "Physics"; color = "%%5"; nick = "no"; } );
settings = { core = { real_name = "reader"; user_name = "reader"; };
  "fe-text" = { term_charset = "UTF-8"; };
  "fe-common/core" = { autolog = "no"; }; };
`, server, network))
	writeFile(t, filepath.Join(home, "startup"), "/set show_server_time on\n/set timestamp_format %H:%M:%S\n/set cmd_queue_speed 10msec\n")
	i := irssi{startTerminal(t, "irssi --home="+home)}
	waitFor(t, "irssi to be welcomed", func() bool { return i.shows("Welcome to") })
	return i
}

// join joins a channel and waits until irssi has asked all it wants to know.
func (i irssi) join(channel string) {
	i.t.Helper()
	i.enter("/join " + channel)
	waitFor(i.t, "irssi to join "+channel, func() bool { return i.shows("Irssi: Join to " + channel + " was synced") })
}

var magentaBackground = regexp.MustCompile(`\x1b\[([0-9]+;)*45m`)

func (i irssi) lines(channel string) []line {
	i.t.Helper()
	i.enter("/window goto " + channel)
	waitFor(i.t, "irssi's window of "+channel, func() bool { return i.shows("Irssi: Join to " + channel + " was synced") })
	return i.clockLines(magentaBackground)
}
