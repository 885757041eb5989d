package bus

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus/publisher/door"
)

// TestCaseD13: every key that says where to listen takes several addresses, as an
// array or with commas, and still a single one.
func TestCaseD13(t *testing.T) {
	second := "[::1]:0"
	if l, err := net.Listen("tcp", second); err != nil {
		second = "127.0.0.1:0" // a machine without IPv6
	} else {
		l.Close()
	}
	for name, list := range map[string]string{
		"array":  fmt.Sprintf("[%q, %q]", "127.0.0.1:0", second),
		"commas": fmt.Sprintf("%q", "127.0.0.1:0, "+second),
		"one":    `"127.0.0.1:0"`,
	} {
		t.Run(name, func(t *testing.T) {
			want := 2
			if name == "one" {
				want = 1
			}
			dir := t.TempDir()
			writeCertificate(t, filepath.Join(dir, "cert"), filepath.Join(dir, "key"), 1)
			file := filepath.Join(dir, "bus.toml")
			text := fmt.Sprintf(`data = %q
cert = %q
key = %q
irc = LIST
irc_tls = LIST
http = LIST
http_tls = LIST
[syslog]
udp = LIST
tcp = LIST
[mail]
listen = LIST
[prism]
netcat = LIST
`, filepath.Join(dir, "data"), filepath.Join(dir, "cert"), filepath.Join(dir, "key"))
			text = strings.ReplaceAll(text, "LIST", list)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			c.Log = quiet(t).Log
			b := startBus(t, c)
			for key, l := range map[string]net.Listener{"irc": b.listeners.irc, "http": b.listeners.http} {
				addrs := door.Addrs(l)
				if len(addrs) != want {
					t.Errorf("%s listens on %v", key, addrs)
				}
				for _, addr := range addrs {
					conn, err := net.Dial("tcp", addr.String())
					if err != nil {
						t.Fatal(err)
					}
					defer conn.Close()
					conn.SetDeadline(time.Now().Add(patience))
					fmt.Fprintf(conn, "PING x\r\n\r\n")
					if answer, err := bufio.NewReader(conn).ReadString('\n'); answer == "" {
						t.Errorf("%s on %v: %v", key, addr, err)
					}
				}
			}
			seen := 0
			for _, d := range b.doors {
				for _, where := range d.current().listens {
					network, list, _ := strings.Cut(where, " ")
					if network != "udp" && network != "tcp" {
						continue
					}
					for _, addr := range door.Addresses(list) {
						seen++
						conn, err := net.Dial(network, addr)
						if err != nil {
							t.Fatalf("%s: %v", d.name, err)
						}
						defer conn.Close()
						if network == "udp" {
							fmt.Fprintf(conn, "<13>said to %s", addr)
						}
					}
				}
			}
			if doors := 4; seen != doors*want { // syslog twice, mail, prism
				t.Errorf("doors listen on %d addresses, not %d", seen, doors*want)
			}
			waitFor(t, "what was sent over UDP", func() bool {
				bounds, err := b.store.Bounds(t.Context())
				return err == nil && int(bounds.Head) == want
			})
		})
	}
	t.Run("taken", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c := quiet(t)
		c.IRC = Addresses("127.0.0.1:0," + l.Addr().String())
		b, err := Start(t.Context(), c)
		if err == nil {
			stopBus(t, b)
		}
		if err == nil || !strings.Contains(err.Error(), "listens on "+l.Addr().String()+":") {
			t.Errorf("it says %v", err)
		}
	})
	t.Run("wrong", func(t *testing.T) {
		c := quiet(t)
		c.Syslog.TCP, c.Syslog.UDP = "127.0.0.1:0,nonsense", "also, nonsense"
		if found := c.Check(); len(found) < 2 || !strings.Contains(fmt.Sprint(found), `"nonsense"`) || !strings.Contains(fmt.Sprint(found), `"also"`) {
			t.Errorf("%v", found)
		}
	})
}
