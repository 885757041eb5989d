package bus

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// forgeConfig is a bus's with the door for webhooks to the publisher "code".
func forgeConfig(t *testing.T) Config {
	t.Helper()
	c := quiet(t)
	c.Forge.SecretsFile = filepath.Join(t.TempDir(), "webhooks")
	if err := os.WriteFile(c.Forge.SecretsFile, []byte("code "+webhookSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCaseBitbucket: Bitbucket's signature is taken; GitHub's older one, with
// SHA-1, proves nothing.
func TestCaseBitbucket(t *testing.T) {
	b := forgeBus(t)
	const body = `{"actor":{"nickname":"ann"},"repository":{"full_name":"ann/proj"},"pullrequest":{"id":4,"title":"T"}}`
	for signed, want := range map[string]int{
		"sha256=" + signature(body, webhookSecret): http.StatusCreated, "sha256=" + signature(body, "x"): http.StatusForbidden,
		"sha1=2aae6c35c94fcfb415dbe95f408b9ce91ee846ed": http.StatusForbidden,
	} {
		status, events := deliver(t, b, "code", body, "X-Event-Key: pullrequest:created", "X-Request-UUID: u1", "X-Hub-Signature: "+signed)
		if status != want || want == http.StatusCreated && len(events) != 1 {
			t.Errorf("%s: status %d, %v", signed, status, events)
		}
	}
	if line := firstLine(t, b); line != "proj #4 — pullrequest/created by ann: T" {
		t.Errorf("the readable line is %q", line)
	}
}

// TestCaseC22Confidential: what is confidential is answered as anything else, and
// nothing of it is stored, unless it is wanted.
func TestCaseC22Confidential(t *testing.T) {
	for _, wanted := range []bool{false, true} {
		c := forgeConfig(t)
		c.Forge.Confidential = wanted
		b := startBus(t, c)
		want := map[bool]int{true: 1}[wanted]
		for event, body := range map[string]string{
			"Confidential Issue Hook": `{"object_kind":"issue","object_attributes":{"iid":3,"title":"hole","confidential":true}}`,
			"Note Hook":               `{"object_kind":"note","object_attributes":{"note":"hole"},"issue":{"iid":3,"confidential":true}}`,
		} {
			status, events := deliver(t, b, "code", body, "X-Gitlab-Event: "+event, "X-Gitlab-Token: "+webhookSecret)
			if status != http.StatusCreated || len(events) != want {
				t.Errorf("%s, wanted %v: status %d, %v", event, wanted, status, events)
			}
		}
		if got := len(stored(t, b)); got != 2*want {
			t.Errorf("wanted %v: %d are stored", wanted, got)
		}
	}
}

// TestCaseC5Quiet: what is noise is stored and in the packed channel; the readable
// one leaves it out, old and new, unless the configuration says otherwise.
func TestCaseC5Quiet(t *testing.T) {
	const (
		watch = `{"action":"started","sender":{"login":"ann"},"repository":{"full_name":"ann/proj"}}`
		run   = `{"action":"completed","workflow_run":{"name":"CI","conclusion":"failure"},"repository":{"full_name":"ann/proj"}}`
	)
	for name, c := range map[string]struct {
		quiet []string
		want  string // of the words, for the last line of before, and for two new ones
	}{
		"by itself": {nil, "workflow_run/completed, workflow_run/completed"},
		"nothing":   {[]string{}, "watch/started, watch/started, workflow_run/completed"},
		"others":    {[]string{"state=failed"}, "watch/started, watch/started"},
	} {
		t.Run(name, func(t *testing.T) {
			config := forgeConfig(t)
			config.Publishers = map[string]Publisher{"code": {Quiet: c.quiet}}
			config.Replay = Replay{Text: 1, Packed: 3}
			b := startBus(t, config)
			n := 0
			send := func(event, body string) {
				n++
				status, events := deliver(t, b, "code", body, "X-GitHub-Event: "+event, "X-GitHub-Delivery: "+strings.Repeat("x", n), "X-Hub-Signature-256: sha256="+signature(body, webhookSecret))
				if status != http.StatusCreated || len(events) != 1 {
					t.Fatalf("%s: status %d, %v", event, status, events)
				}
			}
			send("workflow_run", run)
			send("watch", watch)
			send("watch", watch)
			reader := connect(t, b.IRCAddr(), "reader")
			var text, packed []string
			collect := func(line string) {
				word := "workflow_run/completed"
				if strings.Contains(line, "watch/started") {
					word = "watch/started"
				}
				if strings.Contains(line, "PRIVMSG #code.text ") {
					text = append(text, word)
				} else if strings.Contains(line, "PRIVMSG #code ") {
					packed = append(packed, word)
				}
			}
			reader.say("JOIN #code.text,#code")
			for len(packed) < 3 {
				collect(reader.until("PRIVMSG #code"))
			}
			send("watch", watch)
			send("workflow_run", run)
			for len(packed) < 5 {
				collect(reader.until("PRIVMSG #code"))
			}
			reader.say("PING all")
			for line := ""; !strings.Contains(line, "PONG"); collect(line) {
				line = reader.until("PRIVMSG #code.text", "PONG")
			}
			if got := strings.Join(text, ", "); got != c.want {
				t.Errorf("the readable channel has %s, want %s", got, c.want)
			}
			if got := strings.Join(packed, " "); got != "workflow_run/completed watch/started watch/started watch/started workflow_run/completed" {
				t.Errorf("the packed channel has %s", got)
			}
		})
	}
}

// TestCaseC3ForgePublisher: a publisher that the door makes is not unknown before its
// first delivery.
func TestCaseC3ForgePublisher(t *testing.T) {
	c := Config{}
	c.Forge.SecretsFile = filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(c.Forge.SecretsFile, []byte("code sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Mail.Publishers = map[string]string{"list": "lists"}
	for name, want := range map[string]bool{"code": true, "Code": true, "lists": true, "other": false} {
		if c.mayBring(name) != want {
			t.Errorf("%s: want %v", name, want)
		}
	}
}
