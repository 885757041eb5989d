package bus

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// askMany asks n different things, by many programs at once, each of which must
// be answered with something that has this in it.
func askMany(t *testing.T, n int, ask func(client *http.Client, i int) (*http.Response, error), answer string) {
	t.Helper()
	const programs = 32
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: programs}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var asking sync.WaitGroup
	for range programs {
		asking.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				response, err := ask(client, i)
				if err != nil {
					t.Error(err)
					return
				}
				text, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err != nil || !strings.Contains(string(text), answer) {
					t.Errorf("%d: %s %s, %v", i, response.Status, text, err)
					return
				}
			}
		})
	}
	asking.Wait()
}

// storedOnce checks that of n texts each is stored once.
func storedOnce(t *testing.T, b *Bus, n int, text func(i int) string) {
	t.Helper()
	count := make(map[string]int)
	for _, event := range stored(t, b) {
		count[event]++
	}
	for i := 1; i <= n; i++ {
		if got := count[text(i)]; got != 1 {
			t.Fatalf("%q is stored %d times", text(i), got)
		}
	}
	if len(count) != n {
		t.Errorf("%d events are stored", len(count))
	}
}

// TestPrismHTTPLosesNone: 10,000 requests, each that is answered with 202 stored.
func TestPrismHTTPLosesNone(t *testing.T) {
	c := quiet(t)
	c.Prism = Prism{HTTP: true, Publisher: "prism"}
	b := startBus(t, c)
	n := many(10_000)
	askMany(t, n, func(client *http.Client, i int) (*http.Response, error) {
		if i%2 == 0 {
			return client.Get(fmt.Sprintf("%s/notification/send?message=m%d", b.URL(), i))
		}
		return client.Post(b.URL()+"/notification/send", "application/json", strings.NewReader(fmt.Sprintf(`{"message":"m%d"}`, i)))
	}, "message passed to notifiers")
	storedOnce(t, b, n, func(i int) string { return fmt.Sprintf("#prism text=m%d", i) })
}

// TestMoinBotLosesNone: 10,000 changes by the Jabber bot's way.
func TestMoinBotLosesNone(t *testing.T) {
	c := quiet(t)
	c.Moin.SecretsFile = filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(c.Moin.SecretsFile, []byte("moin jabberbot-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := startBus(t, c)
	const change = "<?xml version='1.0'?><methodCall><methodName>send_notification</methodName><params>" +
		"<param><value><string>jabberbot-secret</string></value></param><param><value><array><data/></array></value></param><param><value><struct>" +
		"<member><name>action</name><value><string>page_changed</string></value></member><member><name>revision</name><value><string>2</string></value></member>" +
		"<member><name>page_name</name><value><string>P%d</string></value></member><member><name>editor</name><value><string>Ann</string></value></member>" +
		"</struct></value></param></params></methodCall>"
	n := many(10_000)
	askMany(t, n, func(client *http.Client, i int) (*http.Response, error) {
		return client.Post(b.URL()+"/doors/moin/moin", "text/xml", strings.NewReader(fmt.Sprintf(change, i)))
	}, "<boolean>1</boolean>")
	for _, r := range b.Doors() {
		if r.Stored != uint64(n) || r.Duplicates != 0 {
			t.Errorf("%+v", r)
		}
	}
}
