package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// watch is added to the page's script: it tells the test what the reader sees.
const watch = `
{
  const changes = document.getElementById("changes");
  const tell = () => fetch("/told", { method: "POST", body: changes.innerText });
  new MutationObserver(tell).observe(changes, { childList: true });
  tell();
}`

// TestPageTakesRedactedAway: the bus's page in Chromium drops a redacted line
// and shows what is left of another.
func TestPageTakesRedactedAway(t *testing.T) {
	b := startBus(t)
	wiki := b.account("wiki", "publisher")
	b.publish(t, wiki, "page=First&comment=by+Anna,+555-0100")
	b.publish(t, wiki, "page=Second&comment=spam+spam")

	var mu sync.Mutex
	var seen string
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: b.http})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/told":
			text, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			seen = string(text)
			mu.Unlock()
		case "/ui/live.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, fetch(t, "http://"+b.http+"/ui/live.js"), watch)
		default:
			behind.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(site.Close)
	start(t, chromium(t, site.URL), "chromium")
	shows := func(want string, not ...string) {
		t.Helper()
		waitFor(t, "the page to show "+want, func() bool {
			mu.Lock()
			defer mu.Unlock()
			for _, word := range not {
				if strings.Contains(seen, word) {
					return false
				}
			}
			return strings.Contains(seen, want)
		})
	}
	shows("Second")
	b.publish(t, wiki, "page=Third&comment=comes+live")
	shows("comes live")
	redact(t, wiki, "http://"+b.http+"/events/2?reason=spam")
	shows("Third", "Second", "REDACT")
	redact(t, wiki, "http://"+b.http+"/events/1?field=comment")
	shows("First", "555-0100", "REDACT")
	redact(t, wiki, "http://"+b.http+"/events/3")
	shows("First", "Third", "REDACT")
}

func redact(t *testing.T, p person, address string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodDelete, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(p.name, p.password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("DELETE %s: %s", address, response.Status)
	}
}
