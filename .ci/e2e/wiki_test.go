package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const mediawikiDir = "/usr/share/mediawiki"

// mediawiki is Debian's MediaWiki on SQLite and PHP's own web server.
type mediawiki struct {
	t      *testing.T
	dir    string
	url    string
	client *http.Client
	token  string // CSRF
}

// password is only for the wiki that lives as long as the test.
const password = "correct-horse-battery-7"

// newMediawiki installs a wiki named name, with settings (PHP) added to
// LocalSettings.php, and serves it until the test ends.
func newMediawiki(t *testing.T, name, settings string) *mediawiki {
	t.Helper()
	port := freePort(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &mediawiki{
		t: t, dir: t.TempDir(), url: "http://127.0.0.1:" + port,
		client: &http.Client{Jar: jar, Timeout: 5 * time.Minute},
	}
	w.php("install.php", "--dbtype", "sqlite", "--dbname", name, "--dbpath", filepath.Join(w.dir, "data"),
		"--server", w.url, "--scriptpath", "", "--lang", "en", "--confpath", w.dir, "--pass", password, "End to end", "Admin")
	file, err := os.OpenFile(filepath.Join(w.dir, "LocalSettings.php"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(settings); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	w.php("update.php", "--quick")
	w.php("createAndPromote.php", "--bot", "Feedbot", password)
	server := exec.Command("php", "-S", "127.0.0.1:"+port, "-t", mediawikiDir)
	server.Env = w.env()
	start(t, server, "php")
	waitFor(t, "MediaWiki to answer", func() bool { return listens("127.0.0.1:" + port) })
	w.login("Admin")
	return w
}

func (w *mediawiki) env() []string {
	return append(os.Environ(), "MW_CONFIG_FILE="+filepath.Join(w.dir, "LocalSettings.php"))
}

func (w *mediawiki) php(script string, args ...string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer cancel()
	if script == "install.php" {
		if err := os.Mkdir(filepath.Join(w.dir, "data"), 0o700); err != nil {
			w.t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(ctx, "php", append([]string{filepath.Join(mediawikiDir, "maintenance", script)}, args...)...)
	if script != "install.php" {
		cmd.Env = w.env()
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

func (w *mediawiki) login(user string) {
	w.t.Helper()
	var tokens struct {
		Query struct {
			Tokens struct{ Logintoken, Csrftoken string }
		}
	}
	w.api(&tokens, "action", "query", "meta", "tokens", "type", "login")
	var result struct{ Login struct{ Result string } }
	w.api(&result, "action", "login", "lgname", user, "lgpassword", password, "lgtoken", tokens.Query.Tokens.Logintoken)
	if result.Login.Result != "Success" {
		w.t.Fatalf("login of %s at MediaWiki: %q", user, result.Login.Result)
	}
	w.api(&tokens, "action", "query", "meta", "tokens", "type", "csrf")
	w.token = tokens.Query.Tokens.Csrftoken
}

// api posts to api.php and decodes the answer into result.
func (w *mediawiki) api(result any, params ...string) {
	w.t.Helper()
	form := url.Values{"format": {"json"}, "formatversion": {"2"}}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	resp, err := w.client.PostForm(w.url+"/api.php", form)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		w.t.Fatal(err)
	}
	var failure struct{ Error *struct{ Code, Info string } }
	if err := json.Unmarshal(body.Bytes(), &failure); err != nil {
		w.t.Fatalf("api.php %q: %v\n%s", params, err, body.Bytes())
	}
	if failure.Error != nil {
		w.t.Fatalf("api.php %q: %s: %s", params, failure.Error.Code, failure.Error.Info)
	}
	if result != nil {
		if err := json.Unmarshal(body.Bytes(), result); err != nil {
			w.t.Fatal(err)
		}
	}
}

// do performs an action that changes the wiki.
func (w *mediawiki) do(params ...string) {
	w.t.Helper()
	w.api(nil, append(params, "token", w.token)...)
}

// change is one row of the wiki's own list of recent changes.
type change struct {
	RCID    int64
	Type    string
	Title   string
	User    string
	Comment string
	Minor   bool
	Bot     bool
	Logtype string
}

// changes returns the wiki's own list, oldest first.
func (w *mediawiki) changes() []change {
	w.t.Helper()
	var result struct {
		Query struct{ Recentchanges []change }
	}
	w.api(&result, "action", "query", "list", "recentchanges", "rcprop", "ids|title|user|comment|flags|loginfo",
		"rclimit", "500", "rcdir", "newer")
	return result.Query.Recentchanges
}

// freePort returns a port that nobody listens on, below those that the system
// gives to clients: one that dials before the server listens could get that very
// port, and be connected to itself.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := fmt.Sprint(20000 + rand.IntN(10000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port between 20000 and 30000")
	return ""
}

// listens tells whether somebody listens on a TCP address.
func listens(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// start runs cmd until the test ends and shows its output if the test failed.
func start(t *testing.T, cmd *exec.Cmd, name string) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &out
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("output of %s:\n%s", name, out.Bytes())
		}
	})
	return &out
}

// waitFor polls until condition holds.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited a minute for %s", what)
		}
	}
}
