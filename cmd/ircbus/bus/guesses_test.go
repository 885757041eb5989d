package bus

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// While others guess at a webhook's secret from the address of its sender, what is
// rightly signed, or has a long token, is taken.
func TestCaseA8(t *testing.T) {
	b := forgeBus(t)
	issue := `{"object_kind":"issue","project":{"path_with_namespace":"ann/lab"},"user":{"username":"ann"},"object_attributes":{"iid":%d,"title":"broken","action":"open"}}`
	for _, proof := range []struct {
		name         string
		right, wrong func(body string) string
	}{
		{"signature",
			func(body string) string { return "X-Hub-Signature-256: sha256=" + signature(body, webhookSecret) },
			func(body string) string { return "X-Hub-Signature-256: sha256=" + signature(body, "another") }},
		{"token",
			func(string) string { return "X-Gitlab-Token: " + webhookSecret },
			func(string) string { return "X-Gitlab-Token: It's a Secret to Nobody" }},
	} {
		t.Run(proof.name, func(t *testing.T) {
			stop := make(chan struct{})
			var guessing sync.WaitGroup
			var once sync.Once
			crowded := make(chan struct{})
			for range 8 {
				guessing.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						status, _ := deliver(t, b, "code", "{}", proof.wrong("{}"))
						switch status {
						case http.StatusTooManyRequests:
							once.Do(func() { close(crowded) })
						case http.StatusForbidden:
						default:
							t.Errorf("a wrong secret: %d", status)
						}
					}
				})
			}
			<-crowded
			for i := range 20 {
				body := fmt.Sprintf(issue, i)
				if status, _ := deliver(t, b, "code", body, "X-Gitlab-Event: Issue Hook", proof.right(body)); status != http.StatusCreated {
					t.Errorf("delivery %d: status %d", i, status)
				}
			}
			close(stop)
			guessing.Wait()
		})
	}
}

// A secret so short that it could be guessed is guarded as passwords are: after
// many wrong ones it is not looked at, and the answer says for how long.
func TestCaseA11DoorSecrets(t *testing.T) {
	c := quiet(t)
	c.Forge.SecretsFile = filepath.Join(t.TempDir(), "webhooks")
	if err := os.WriteFile(c.Forge.SecretsFile, []byte("code short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Moin.SecretsFile, c.Prism = c.Forge.SecretsFile, Prism{HTTP: true, Publisher: "prism", SecretsFile: c.Forge.SecretsFile, Storm: 1000}
	b := startBus(t, c)
	for name, guess := range map[string]func(secret string) (limited bool){
		"forge": func(secret string) bool {
			status, _ := deliver(t, b, "code", "{}", "X-Gitlab-Token: "+secret)
			return status == http.StatusTooManyRequests
		},
		"prism": func(secret string) bool {
			status, _ := get(t, b.URL()+"/notification/send?message=x&name=code&secret="+secret)
			return status == http.StatusTooManyRequests
		},
		"moin": func(secret string) bool {
			call := "<methodCall><methodName>send_notification</methodName><params><param><value>" + secret + "</value></param></params></methodCall>"
			answer, err := http.Post(b.URL()+"/doors/moin/code", "text/xml", strings.NewReader(call))
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			text := make([]byte, 1024)
			n, _ := answer.Body.Read(text)
			return strings.Contains(string(text[:n]), "try again")
		},
	} {
		t.Run(name, func(t *testing.T) {
			var waiting sync.WaitGroup
			for i := range 14 { // only four of them are waited for
				waiting.Go(func() { guess(fmt.Sprint("g", i)) })
			}
			waiting.Wait()
			if !guess("short") {
				t.Error("after many guesses the right secret is looked at")
			}
		})
	}
}

// TestCaseA8Short: a secret that could be found by trying is warned of, at the start
// and by check-config, by its name alone.
func TestCaseA8Short(t *testing.T) {
	const short = "fifteen-bytes-x"
	path := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(path, []byte("weak "+short+"\nstrong sixteen-bytes-xy\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var c Config
	c.Forge.SecretsFile, c.Moin.SecretsFile, c.Prism.SecretsFile, c.PSYC.SecretsFile = path, path, path, path
	found := map[string]int{}
	for _, p := range c.Review(time.Now()) {
		text := p.Error()
		if strings.Contains(text, short) || strings.Contains(text, "strong") {
			t.Error(text)
		}
		if strings.Contains(text, `"weak"`) {
			found[p.Key[0]]++
		}
	}
	if want := map[string]int{"forge": 1, "moin": 1, "prism": 1, "psyc": 1}; !maps.Equal(found, want) {
		t.Errorf("warned of %v", found)
	}

	var log logged
	c = quiet(t)
	c.Log, c.Forge.SecretsFile = slog.New(slog.NewTextHandler(&log, nil)), path
	startBus(t, c)
	if text := log.String(); strings.Count(text, "weak") != 1 || strings.Contains(text, short) {
		t.Errorf("the log says %s", text)
	}
}
