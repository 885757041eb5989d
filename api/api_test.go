package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestNewNeeds(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("a handler of nothing was made")
	}
}

func TestUnknownPlacesAndMethods(t *testing.T) {
	b := startBus(t, nil)
	for _, path := range []string{"/nothing", "/changes/", "/events/1/2", "/ui/../api.go", "/ui/index.html", "/wikis/nobody", "/metrics"} {
		problem(t, b.get(path), 404)
	}
	for target, allow := range map[string]string{
		"PUT /events/1": "GET, HEAD, DELETE, OPTIONS", "GET /events": "POST", "PUT /changes": "GET, HEAD, OPTIONS", "BREW /": "GET, HEAD, OPTIONS",
	} {
		method, path, _ := strings.Cut(target, " ")
		a := b.do(method, path, nil)
		problem(t, a, 405)
		if got := a.header.Get("Allow"); got != allow {
			t.Errorf("%s: Allow %q, want %q", target, got, allow)
		}
	}
}

func TestHealth(t *testing.T) {
	var broken error
	b := startBus(t, func(c *Config) {
		c.Ready = func() error { return broken }
		c.Metrics = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "figures", r.URL.Query()["name[]"]) })
	})
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n", "/metrics?name[]=x": "figures [x]\n"} {
		if a := b.get(path); a.status != 200 || string(a.body) != want {
			t.Errorf("%s: %d %q", path, a.status, a.body)
		}
	}
	broken = errors.New("the disk is full")
	if a := b.get("/readyz"); problem(t, a, 503).Detail != "the disk is full" || a.header.Get("Retry-After") == "" {
		t.Errorf("not ready: %s", a.body)
	}
}

func TestClosedBus(t *testing.T) {
	b := startBus(t, func(c *Config) { c.Closed = true })
	b.publish("page=A")
	for _, rt := range routes() {
		path := strings.NewReplacer("{id}", "1", "{publisher}", "moinmaster", "{file}", "style.css").Replace(rt.pattern)
		if path == "/healthz" {
			if a := b.get(path); a.status != 200 {
				t.Errorf("%s: %d", path, a.status)
			}
			continue
		}
		a := b.do(rt.method, path, nil)
		problem(t, a, 401)
		if a.header.Get("WWW-Authenticate") == "" || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", path, a.header)
		}
	}
	if a := b.get("/changes", "Authorization", goodToken); a.status != 200 {
		t.Errorf("with a token: %d %s", a.status, a.body)
	}
	if a := b.get("/", "Authorization", goodToken); !strings.Contains(string(a.body), "asks everybody to log in") {
		t.Errorf("page: %d %s", a.status, a.body)
	}
}

func TestCORSAndHeaders(t *testing.T) {
	b := startBus(t, func(c *Config) { c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	a := b.get("/changes", "Origin", "https://other.example", "X-Forwarded-For", "192.0.2.7")
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Server": "ircbus/1.0",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	a = b.do("OPTIONS", "/stream", nil, "Origin", "https://other.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "last-event-id", "X-Forwarded-For", "192.0.2.7")
	if a.status != 204 || a.header.Get("Access-Control-Allow-Methods") != "GET, HEAD" || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Last-Event-ID") {
		t.Errorf("preflight: %d %v", a.status, a.header)
	}
}

func TestHead(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A")
	for _, path := range []string{"/", "/changes", "/changes?format=json&wait=60&after=5", "/events/1", "/stream", "/wikis", "/wikis/moinmaster", "/openapi.json", "/ui/style.css"} {
		get, head := answer{}, b.do("HEAD", path, nil)
		if path != "/stream" && !strings.Contains(path, "wait") {
			get = b.get(path)
			if g, h := get.header.Get("Content-Length"), head.header.Get("Content-Length"); g != h {
				t.Errorf("%s: Content-Length %s and %s", path, g, h)
			}
		}
		if head.status != 200 || len(head.body) != 0 || head.header.Get("Content-Type") == "" {
			t.Errorf("HEAD %s: %d %v", path, head.status, head.header)
		}
	}
}

func TestWikis(t *testing.T) {
	b := startBus(t, nil)
	var bus busBlock
	decode(t, b.get("/wikis"), &bus)
	if bus.Name != "Testbus" || bus.IRC != "irc.example:6667" || bus.IRCS != "" || len(bus.Wikis) != 2 || bus.Epoch == "" {
		t.Errorf("got %+v", bus)
	}
	wiki := bus.Wikis[0]
	if wiki.Changes != b.url+"/changes?channel=%23moinmaster&channel=%23antispam" || wiki.IRC != "irc://irc.example:6667/%23moinmaster" || wiki.Channels[1].Text != "#antispam.text" {
		t.Errorf("got %+v", wiki)
	}
	b.publish("page=A")
	if c := b.changes(wiki.Changes); len(c.Events) != 1 {
		t.Errorf("the block's own address gives %+v", c)
	}
	var one wikiBlock
	decode(t, b.get("/wikis/MOINMASTER", "Accept", "application/json"), &one)
	if one.Publisher != "moinmaster" {
		t.Errorf("got %+v", one)
	}
}

func TestPage(t *testing.T) {
	b := startBus(t, nil)
	empty := b.get("/", "Accept", "text/html")
	if empty.status != 200 || !strings.Contains(string(empty.body), "Nothing has been published yet") {
		t.Errorf("empty: %d %s", empty.status, empty.body)
	}
	b.publish("page=<script>alert(1)</script>&url=javascript:alert(2)&user=\"><b>&comment=פתיחה", "page=Long&comment="+strings.Repeat("ל", 3000))
	for _, path := range []string{"/", "/wikis?format=html", "/wikis/moinmaster?format=html"} {
		a := b.get(path)
		page := string(a.body)
		if a.status != 200 || a.header.Get("Content-Type") != "text/html; charset=utf-8" || a.header.Get("Content-Security-Policy") != pagePolicy {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
		for _, part := range []string{"מואין &lt;Master&gt;", "&lt;script&gt;alert(1)", `<p class="comment" dir="auto">פתיחה</p>`, "#moinmaster.text", "irssi -c irc.example -p 6667", "ircbus follow --server " + strings.TrimPrefix(b.url, "http://")} {
			if !strings.Contains(page, part) {
				t.Errorf("%s: no %q in\n%s", path, part, page)
			}
		}
		for _, part := range []string{"<script>alert", "javascript:alert", "<b>", "style=", strings.Repeat("ל", 300)} {
			if strings.Contains(page, part) {
				t.Errorf("%s has %q", path, part)
			}
		}
	}
	for file, mime := range assets {
		a := b.get("/ui/" + file)
		if a.status != 200 || a.header.Get("Content-Type") != mime {
			t.Errorf("%s: %d %v", file, a.status, a.header)
		}
		if again := b.get("/ui/"+file, "If-None-Match", a.header.Get("ETag")); again.status != 304 {
			t.Errorf("%s again: %d", file, again.status)
		}
	}
}

// Without anybody to publish, the page still says what to do.
func TestPageWithoutPublishers(t *testing.T) {
	b := startBus(t, func(c *Config) {
		*c = Config{Log: c.Log, Index: c.Index, Wikis: c.Wikis, Logger: c.Logger}
	})
	old := testWikis
	t.Cleanup(func() { testWikis = old })
	testWikis = nil
	if a := b.get("/"); a.status != 200 || !strings.Contains(string(a.body), "ircbus account add") {
		t.Errorf("%d %s", a.status, a.body)
	}
	problem(t, b.post("", form, "a=b"), 401) // no way to log in
}

// Connections are used again after answers that set their own deadlines.
func TestKeepAlive(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A")
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	for _, path := range []string{"/changes", "/nothing", "/changes?from=x", "/events/1", "/", "/changes?format=json"} {
		response, err := client.Get(b.url + path)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || len(content) == 0 {
			t.Errorf("%s: %v, %q", path, err, content)
		}
		if strings.HasSuffix(path, "json") && !json.Valid(content) {
			t.Errorf("%s: %s", path, content)
		}
	}
}
