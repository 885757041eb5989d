package bus

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const webhookSecret = "It's a Secret to Everybody"

// forgeBus is a bus with the door for webhooks to the publisher "code".
func forgeBus(t *testing.T) *Bus {
	t.Helper()
	return startBus(t, forgeConfig(t))
}

func signature(body, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

type forgeEvent struct {
	ID        uint64
	Key       string
	Duplicate bool
}

// deliver posts a delivery; headers are "name: value".
func deliver(t *testing.T, b *Bus, path, body string, headers ...string) (status int, events []forgeEvent) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL()+"/doors/forge/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	defer resp.Body.Close()
	var answer struct{ Events []forgeEvent }
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode == http.StatusCreated {
		err = json.Unmarshal(text, &answer)
	}
	if err != nil {
		t.Errorf("%v: %s", err, text)
	}
	return resp.StatusCode, answer.Events
}

const pushBody = `{"ref":"refs/heads/main","before":"1111","after":"3333","repository":{"full_name":"ann/proj"},"sender":{"login":"ann"},` +
	`"commits":[{"id":"2222","message":"one"},{"id":"3333","message":"two\n\nbody"}]}`

// TestForgeDoor: each forge's proof is taken, also for a form; a delivery that
// comes again is stored once.
func TestForgeDoor(t *testing.T) {
	b := forgeBus(t)
	form := url.Values{"payload": {strings.ReplaceAll(pushBody, "ann/proj", "ann/form")}}.Encode()
	gitea := strings.ReplaceAll(pushBody, "ann/proj", "ann/gitea")
	gitlab := `{"object_kind":"issue","project":{"path_with_namespace":"ann/lab"},"user":{"username":"ann"},"object_attributes":{"iid":3,"title":"broken","action":"open"}}`
	for _, c := range []struct {
		what, body string
		events     int
		headers    []string
	}{
		{"GitHub", pushBody, 2, []string{"X-GitHub-Event: push", "X-GitHub-Delivery: d1", "X-Hub-Signature-256: sha256=" + signature(pushBody, webhookSecret)}},
		{"a form", form, 2, []string{"Content-Type: application/x-www-form-urlencoded", "X-GitHub-Event: push", "X-GitHub-Delivery: d2", "X-Hub-Signature-256: sha256=" + signature(form, webhookSecret)}},
		{"Gitea", gitea, 2, []string{"X-Gitea-Event: push", "X-Gitea-Delivery: d3", "X-Gitea-Signature: " + signature(gitea, webhookSecret)}},
		{"GitLab", gitlab, 1, []string{"X-Gitlab-Event: Issue Hook", "X-Gitlab-Token: " + webhookSecret, "Idempotency-Key: d4"}},
	} {
		for _, again := range []bool{false, true} {
			status, events := deliver(t, b, "code", c.body, c.headers...)
			if status != http.StatusCreated || len(events) != c.events {
				t.Fatalf("%s: status %d, %v", c.what, status, events)
			}
			for _, e := range events {
				if e.Duplicate != again || e.ID == 0 || c.what == "GitLab" && e.Key != "d4" {
					t.Errorf("%s, again %v: %+v", c.what, again, e)
				}
			}
		}
	}
	if line := firstLine(t, b); line != "proj main — commit by ann: one" && !strings.HasPrefix(line, "proj main") {
		t.Errorf("the readable line is %q", line)
	}
	if r := b.Doors()[0]; r.Stored != 7 || r.Duplicates != 7 || r.Received != 8 {
		t.Errorf("%+v", r)
	}
}

// TestForgeRefused: who cannot prove the secret learns nothing, and nothing of it is
// stored; who can is told what is wrong.
func TestForgeRefused(t *testing.T) {
	b := forgeBus(t)
	good := "X-Hub-Signature-256: sha256=" + signature(pushBody, webhookSecret)
	for _, c := range []struct {
		what, path, body string
		status           int
		headers          []string
	}{
		{"no signature", "code", pushBody, http.StatusForbidden, nil},
		{"another's secret", "code", pushBody, http.StatusForbidden, []string{"X-Hub-Signature-256: sha256=" + signature(pushBody, "x")}},
		{"another body", "code", pushBody + " ", http.StatusForbidden, []string{good}},
		{"another publisher", "other", pushBody, http.StatusForbidden, []string{good}},
		{"an empty secret", "other", pushBody, http.StatusForbidden, []string{"X-Hub-Signature-256: sha256=" + signature(pushBody, "")}},
		{"a wrong token", "code", pushBody, http.StatusForbidden, []string{"X-Gitlab-Token: x", good}},
		{"half a signature", "code", pushBody, http.StatusForbidden, []string{good[:60]}},
		{"no event", "code", pushBody, http.StatusBadRequest, []string{good}},
		{"no JSON", "code", "x", http.StatusBadRequest, []string{"X-GitHub-Event: push", "X-Hub-Signature-256: sha256=" + signature("x", webhookSecret)}},
		{"another's channel", "code?channel=%23other", pushBody, http.StatusForbidden, []string{"X-GitHub-Event: push", good}},
		{"too large", "code", strings.Repeat(" ", 5<<20), http.StatusRequestEntityTooLarge, []string{"X-Gitlab-Token: " + webhookSecret}},
	} {
		if status, events := deliver(t, b, c.path, c.body, c.headers...); status != c.status || events != nil {
			t.Errorf("%s: status %d, %v; want %d", c.what, status, events, c.status)
		}
	}
	if r := b.Doors()[0]; r.Stored != 0 || r.Refused["sender"] != 7 || r.LastRefusal == nil {
		t.Errorf("%+v", r)
	}
}

// TestForgeGuesses: whoever guesses at a secret learns little in a second, also with
// many guesses at one time, and at a publisher that there is not; the right one is
// taken after that.
func TestForgeGuesses(t *testing.T) {
	b := forgeBus(t)
	const guesses, body = 60, `{"zen":"x"}`
	var all sync.WaitGroup
	var looked, unseen atomic.Int32
	begun := time.Now()
	for i := range guesses {
		all.Go(func() {
			path := []string{"code", "nobody"}[i%2]
			switch status, _ := deliver(t, b, path, body, "X-GitHub-Event: ping", "X-Hub-Signature-256: sha256="+signature(body, fmt.Sprint(i))); status {
			case http.StatusForbidden:
				looked.Add(1)
			case http.StatusTooManyRequests:
				unseen.Add(1)
			default:
				t.Errorf("a wrong signature is answered %d", status)
			}
		})
	}
	all.Wait()
	if most := 4 * (1 + int32(time.Since(begun)/(500*time.Millisecond))); looked.Load() > most {
		t.Errorf("%d guesses were answered, more than %d", looked.Load(), most)
	}
	if looked.Load() == 0 || looked.Load()+unseen.Load() != guesses {
		t.Errorf("%d were answered, %d were not looked at", looked.Load(), unseen.Load())
	}
	if status, _ := deliver(t, b, "code", body, "X-GitHub-Event: ping", "X-Hub-Signature-256: sha256="+signature(body, webhookSecret)); status != http.StatusCreated {
		t.Errorf("the right signature is answered %d", status)
	}
}

// TestForgeMany: 10,000 deliveries at once from several forges; each that is
// answered is stored.
func TestForgeMany(t *testing.T) {
	b := forgeBus(t)
	forges, each := 8, many(1250)
	var sending sync.WaitGroup
	for f := range forges {
		sending.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d", f, i)
				body := `{"action":"opened","issue":{"number":1,"title":"` + id + `"}}`
				status, events := deliver(t, b, "code", body, "X-GitHub-Event: issues", "X-GitHub-Delivery: "+id, "X-Hub-Signature-256: sha256="+signature(body, webhookSecret))
				if status != http.StatusCreated || len(events) != 1 || events[0].Key != id {
					t.Errorf("%s: status %d, %v", id, status, events)
					return
				}
			}
		})
	}
	sending.Wait()
	if got := len(texts(t, b)["#code"]); got != forges*each {
		t.Errorf("%d events are stored", got)
	}
}
