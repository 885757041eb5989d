package main

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"

	"github.com/ircbus/ircbus/cmd/ircbus/bus"
)

// greet says where the bus can be reached and, if it has no accounts, what to
// do next.
func greet(w io.Writer, b *bus.Bus, c bus.Config) {
	for _, listener := range []struct{ what, address string }{
		{"IRC", b.IRCAddr()},
		{"IRC over TLS", b.IRCTLSAddr()},
		{"HTTP", prefixed("http://", b.HTTPAddr())},
		{"HTTPS", prefixed("https://", b.HTTPTLSAddr())},
	} {
		if listener.address != "" {
			fmt.Fprintf(w, "%-16s %s\n", listener.what, listener.address)
		}
	}
	for _, door := range b.Doors() {
		fmt.Fprintf(w, "%-16s %s\n", door.Door, strings.Join(door.Listens, ", "))
	}
	if accounts, err := b.Accounts().List(); err == nil && len(accounts) == 0 {
		hint(w, b, c)
	}
	fmt.Fprintln(w, "ready")
}

func prefixed(prefix, address string) string {
	if address == "" {
		return ""
	}
	return prefix + address + "/"
}

// hint names the first commands for a new bus, as they can be pasted into a
// shell on the same machine, in whatever directory. Without a plain listener
// there is none: only its operator knows what his certificate says.
func hint(w io.Writer, b *bus.Bus, c bus.Config) {
	irc, _ := nearby(bus.Addresses(b.IRCAddr()))
	web, plain := nearby(bus.Addresses(b.HTTPAddr()))
	if irc == "" && web == "" {
		return
	}
	data, err := filepath.Abs(c.Data)
	if err != nil {
		data = c.Data
	}
	to := web
	if !plain {
		to = "irc://" + irc
	}
	fmt.Fprintf(w, `
Nobody publishes here yet. Try, in another terminal:

  export IRCBUS_PASSWORD=$(ircbus --data %s account add mywiki --role publisher --generate)
  ircbus publish --server %s --account mywiki page=Hello action=SAVE user=me
`, quoted(data), to)
	login := c.Access == bus.AccessLogin
	if web != "" {
		fmt.Fprintf(w, "  curl%s http://%s/changes\n", only(login, ` -u "mywiki:$IRCBUS_PASSWORD"`), web)
	}
	if host, port, err := net.SplitHostPort(irc); err == nil {
		fmt.Fprintf(w, "  irssi -c %s -p %s%s    # and there: /join #mywiki.text\n", host, port, only(login, ` -w "mywiki:$IRCBUS_PASSWORD"`))
	}
	fmt.Fprintln(w)
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,@") == "" {
		return cmp.Or(word, "''")
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func only(condition bool, text string) string {
	if !condition {
		return ""
	}
	return text
}
