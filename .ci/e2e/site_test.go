package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const contrib = "../../contrib/"

// site is a website with a plugin of contrib, behind a gate.
type site struct {
	*gate
	bus           *bus
	name          string // of the publisher
	config, spool string // of the plugin: file, directory
	url, prepend  string // of the site, once it is served, and PHP that its scripts begin with
	browser       *http.Client
}

// newSite makes a publisher and the plugin's configuration in dir. more are
// lines of it.
func newSite(t *testing.T, b *bus, name, dir string, more ...string) *site {
	t.Helper()
	b.account(name, "publisher")
	token, err := exec.Command(program, "--data", b.data, "account", "token", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{
		gate: newGate(t, b.http), bus: b, name: name, config: filepath.Join(dir, name+".ini"), spool: filepath.Join(dir, "spool"),
		browser: &http.Client{Jar: jar, Timeout: 5 * time.Minute},
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, event := range b.events(name) {
				t.Logf("the bus has: %s", event.Fields.Encode())
			}
		}
	})
	writeFile(t, s.config, fmt.Sprintf("url = \"http://%s\"\ntoken = \"%s\"\nspool = \"%s\"\n%s\n",
		s.address, strings.TrimSpace(string(token)), s.spool, strings.Join(more, "\n")))
	return s
}

// serve runs PHP's web server for the directory; prepend is a file of PHP that every
// script begins with.
func (s *site) serve(root, prepend string) {
	s.t.Helper()
	s.prepend = prepend
	address := "127.0.0.1:" + freePort(s.t)
	s.url = "http://" + address
	start(s.t, exec.Command("php", "-d", "auto_prepend_file="+prepend, "-S", address, "-t", root), "php")
	waitFor(s.t, "the site to answer", func() bool { return listens(address) })
}

// do sends a request and returns the page; a status that is not wanted ends the
// test.
func (s *site) do(req *http.Request, want int) string {
	s.t.Helper()
	resp, err := s.browser.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != want {
		s.t.Fatalf("%s %s: %s\n%s", req.Method, req.URL, resp.Status, body)
	}
	return string(body)
}

func (s *site) get(address string) string {
	s.t.Helper()
	req, err := http.NewRequest("GET", address, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do(req, http.StatusOK)
}

// form is a request that posts fields, given as key and value.
func (s *site) form(path string, fields ...string) *http.Request {
	s.t.Helper()
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	req, err := http.NewRequest("POST", s.url+path, strings.NewReader(values.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

// waiting are the events in the spool.
func (s *site) waiting() []string {
	s.t.Helper()
	names, err := filepath.Glob(filepath.Join(s.spool, "*.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	return names
}

// endPause forgets that sending has failed a moment ago.
func (s *site) endPause() {
	s.t.Helper()
	if err := os.Remove(filepath.Join(s.spool, "state")); err != nil {
		s.t.Fatal(err)
	}
}

// told waits until the bus has n events of the site and returns them as the
// values of the keys.
func (s *site) told(n int, keys ...string) (all []string) {
	s.t.Helper()
	waitFor(s.t, fmt.Sprintf("%d events of %s", n, s.name), func() bool { return len(s.bus.events(s.name)) >= n })
	for _, event := range s.bus.events(s.name) {
		var words []string
		for _, key := range keys {
			words = append(words, event.Fields.Get(key))
		}
		all = append(all, strings.Join(words, " | "))
	}
	return all
}

// php runs a script, and returns what it wrote and its exit code.
func php(t *testing.T, args ...string) (output string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "php", args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// install copies a plugin with the command of its page in docs/doors.
func install(t *testing.T, plugin, dir string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/doors/" + plugin + ".md")
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`(?m)^    (cp -rL contrib/` + plugin + `) \S+$`).FindSubmatch(page)
	if command == nil {
		t.Fatalf("docs/doors/%s.md does not say how to install the plugin", plugin)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", string(command[1])+" "+dir)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// link makes links to what is in a directory, but for some names.
func link(t *testing.T, from, to string, but ...string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(but, entry.Name()) {
			if err := os.Symlink(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
}
