package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// program is the bus, built from this tree.
var program string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ircbus-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "ircbus")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/ircbus/ircbus/cmd/ircbus").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s\n", err, out)
		return 1
	}
	return m.Run()
}

// bus is a running bus.
type bus struct {
	t                      *testing.T
	irc, ircTLS, http, udp string // addresses
	data, certificate      string // directory, file
	certificateSHA256      string // hexadecimal
}

// person is somebody with an account at the bus, whose name is the nick too.
type person struct{ name, password string }

// startBus runs a bus until the test ends. sections are more of its
// configuration.
func startBus(t *testing.T, sections ...string) *bus {
	t.Helper()
	dir := t.TempDir()
	b := &bus{
		t: t, data: filepath.Join(dir, "data"), certificate: filepath.Join(dir, "cert.pem"),
		irc: "127.0.0.1:" + freePort(t), ircTLS: "127.0.0.1:" + freePort(t),
		http: "127.0.0.1:" + freePort(t), udp: "127.0.0.1:" + freePort(t),
	}
	key := filepath.Join(dir, "key.pem")
	b.certificateSHA256 = selfSigned(t, b.certificate, key)
	config := filepath.Join(dir, "ircbus.toml")
	text := fmt.Sprintf("irc = %q\nirc_tls = %q\nhttp = %q\ncert = %q\nkey = %q\n[mediawiki]\nlisten = %q\nnames = [%q]\n%s",
		b.irc, b.ircTLS, b.http, b.certificate, key, b.udp, wikiName, strings.Join(sections, "\n"))
	writeFile(t, config, text)
	start(t, exec.Command(program, "serve", "--config", config, "--data", b.data), "ircbus serve")
	waitFor(t, "the bus to be ready", func() bool {
		resp, err := http.Get("http://" + b.http + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == 200
	})
	return b
}

// account adds an account with a password of its own.
func (b *bus) account(name, role string) person {
	b.t.Helper()
	p := person{name, "secret-of-" + name}
	b.run(p.password+"\n", "account", "add", name, "--role", role)
	return p
}

// run runs a command on the bus's data directory.
func (b *bus) run(input string, args ...string) {
	b.t.Helper()
	cmd := exec.Command(program, append([]string{"--data", b.data}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("ircbus %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// publish stores an event, a query string, and returns it as the bus has it.
func (b *bus) publish(t *testing.T, p person, event string) ircbus.Event {
	t.Helper()
	req, err := http.NewRequest("POST", "http://"+b.http+"/events", strings.NewReader(event))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(p.name, p.password)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var receipts struct{ Events []struct{ ID ircbus.ID } }
	answer(t, req, http.StatusCreated, &receipts)
	req, err = http.NewRequest("GET", fmt.Sprintf("http://%s/events/%d", b.http, receipts.Events[0].ID), nil)
	if err != nil {
		t.Fatal(err)
	}
	var stored ircbus.Event
	answer(t, req, http.StatusOK, &stored)
	return stored
}

// events are those of a channel.
func (b *bus) events(channel string) (all []ircbus.Event) {
	b.t.Helper()
	for after := ircbus.ID(0); ; {
		req, err := http.NewRequest("GET", fmt.Sprintf("http://%s/changes?after=%d&channel=%s&format=json&limit=10000", b.http, after, channel), nil)
		if err != nil {
			b.t.Fatal(err)
		}
		var page struct{ Events []ircbus.Event }
		answer(b.t, req, http.StatusOK, &page)
		if len(page.Events) == 0 {
			return all
		}
		all = append(all, page.Events...)
		after = all[len(all)-1].ID
	}
}

// answer sends a request and decodes the JSON that it is answered with.
func answer(t *testing.T, req *http.Request, status int, result any) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("%s %s: %s\n%s", req.Method, req.URL, resp.Status, body)
	}
	if err := json.Unmarshal(body, result); err != nil {
		t.Fatalf("%s %s: %v\n%s", req.Method, req.URL, err, body)
	}
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
