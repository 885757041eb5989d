package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ircbus/ircbus"
)

// appDoors are the sections of the doors for monitoring and apps.
func appDoors(syslog string) string {
	return `
[alertmanager]
open = true
[cloudevents]
open = true
[incoming]
open = true
[ping]
open = true
[ntfy]
open = true
root = true
[json.build]
fields = { page = "/name", key = "/id" }
[syslog]
udp = "` + syslog + `"
tcp = "` + syslog + `"
`
}

// startApps runs a bus with the doors open, and a publisher.
func startApps(t *testing.T) (b *bus, p person, syslog string) {
	t.Helper()
	syslog = "127.0.0.1:" + freePort(t)
	b = startBus(t, appDoors(syslog))
	p = b.account("alerts", "publisher")
	b.publish(t, p, "text=first") // its channels are there now
	return b, p, syslog
}

// changeTexts are the lines for people of all events.
func changeTexts(t *testing.T, b *bus) (texts []string) {
	t.Helper()
	req, err := http.NewRequest("GET", "http://"+b.http+"/changes?format=json&limit=1000", nil)
	if err != nil {
		t.Fatal(err)
	}
	var page struct{ Events []ircbus.Event }
	answer(t, req, http.StatusOK, &page)
	for _, e := range page.Events {
		texts = append(texts, e.Fields.Get("text"))
	}
	return texts
}

// sender runs a program that must succeed.
func sender(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", program, err, out)
	}
}

// readable waits until each text is in a line of the people's channels.
func readable(t *testing.T, read func() []string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		waitFor(t, fmt.Sprintf("%q in a channel", text), func() bool {
			return strings.Contains(strings.Join(read(), "\n"), text)
		})
	}
}

// TestAlertmanager: an alert that is given to Debian's Alertmanager is in the
// channel.
func TestAlertmanager(t *testing.T) {
	b, p, _ := startApps(t)
	lines := joinRaw(t, b.irc, "#alerts.text")
	dir, listen := t.TempDir(), "127.0.0.1:"+freePort(t)
	config := filepath.Join(dir, "alertmanager.yml")
	writeFile(t, config, fmt.Sprintf(`
route: { receiver: bus, group_wait: 0s }
receivers:
  - name: bus
    webhook_configs:
      - url: http://%s/doors/alertmanager
        http_config: { basic_auth: { username: %s, password: %s } }
`, b.http, p.name, p.password))
	start(t, exec.Command("prometheus-alertmanager", "--config.file", config, "--storage.path", filepath.Join(dir, "data"),
		"--web.listen-address", listen, "--cluster.listen-address="), "Alertmanager")
	waitFor(t, "Alertmanager to be ready", func() bool {
		resp, err := http.Get("http://" + listen + "/-/ready")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	sender(t, "amtool", "--alertmanager.url=http://"+listen, "alert", "add", "WikiDown", "instance=wiki1", "--annotation=summary=הוויקי אינו עונה")
	readable(t, lines.get, "[FIRING] WikiDown on wiki1: הוויקי אינו עונה")
}

// TestSenders: curl, apprise, Python's XML-RPC, logger and the hook publish as the
// doors' pages say.
func TestSenders(t *testing.T) {
	b, p, syslog := startApps(t)
	lines := joinRaw(t, b.irc, "#alerts.text")
	machines := func() []string { return changeTexts(t, b) }
	url, login := "http://"+b.http, p.name+":"+p.password
	sender(t, "curl", "-fsu", login, "-H", "Title: Disk", "-H", "Priority: urgent", "-d", "95 % used", url+"/alerts")
	sender(t, "curl", "-fsu", login, "-d", `{"topic":"alerts","message":"Disk is full"}`, url+"/")
	sender(t, "curl", "-fsu", login, url+"/alerts/publish?message=by+GET")
	sender(t, "curl", "-fsu", login, "-d", `{"text":"Backup finished"}`, url+"/doors/incoming")
	sender(t, "apprise", "-t", "Title", "-b", "by apprise", "ntfy://"+login+"@"+b.http+"/alerts")
	sender(t, "/usr/bin/python3", "-c", `import sys, xmlrpc.client
assert not xmlrpc.client.ServerProxy(sys.argv[1]).weblogUpdates.ping("Planet", "https://planet.example/")["flerror"]`, "http://"+login+"@"+b.http+"/doors/ping")
	writeFile(t, filepath.Join(b.data, "password"), p.password)
	sender(t, program, "hook", "nagios", "--url", url, "--account", p.name, "--password-file", filepath.Join(b.data, "password"),
		"NOTIFICATIONTYPE=PROBLEM", "HOSTNAME=wiki1", "HOSTSTATE=DOWN", "HOSTOUTPUT=no answer")
	readable(t, lines.get, "[urgent] Disk: 95 % used", "Disk is full", "by GET", "Backup finished", "Title: by apprise", "Planet has something new", "[DOWN] wiki1: no answer")

	host, port, _ := net.SplitHostPort(syslog)
	for _, form := range []string{"--rfc5424", "--rfc3164"} {
		for _, transport := range []string{"-d", "-T"} {
			sender(t, "logger", "-n", host, "-P", port, transport, form, "-p", "auth.err", "-t", "sshd", "by "+form[2:]+transport)
			readable(t, machines, "sshd err: by "+form[2:]+transport)
		}
	}
}

// TestTenThousand: of 10,000 inputs through each door none is lost that was
// acknowledged.
func TestTenThousand(t *testing.T) {
	const inputs = 10_000
	b, p, syslog := startApps(t)
	for _, door := range []struct{ name, path, contentType, body string }{ // %d is the input's number
		{"alertmanager", "/doors/alertmanager", "application/json", `{"groupKey":"g","alerts":[{"status":"firing","labels":{"alertname":"A"},"fingerprint":"%d"}]}`},
		{"cloudevents", "/doors/cloudevents", "application/cloudevents+json", `{"specversion":"1.0","source":"s","type":"t","id":"%d"}`},
		{"incoming", "/doors/incoming", "application/json", `{"text":"%d"}`},
		{"ntfy", "/alerts", "text/plain", "%d"},
		{"ping", "/doors/ping", "text/xml", `<methodCall><methodName>weblogUpdates.ping</methodName><params><param><value>%d</value></param><param><value>https://p.example/</value></param></params></methodCall>`},
		{"json.build", "/doors/json/build", "application/json", `{"name":"n","id":%d}`},
	} {
		var next atomic.Int64
		var posting sync.WaitGroup
		for range 32 {
			posting.Go(func() {
				for n := next.Add(1); n <= inputs; n = next.Add(1) {
					postInput(t, p, "http://"+b.http+door.path, door.contentType, fmt.Sprintf(door.body, n))
				}
			})
		}
		posting.Wait()
		waitForStored(t, b, door.name, inputs)
	}
	conn, err := net.Dial("tcp", syslog)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for n := range inputs {
		if _, err := fmt.Fprintf(conn, "<13>app: %d\n", n); err != nil {
			t.Fatal(err)
		}
	}
	waitForStored(t, b, "syslog", inputs)
}

func postInput(t *testing.T, p person, url, contentType, body string) {
	r, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	r.SetBasicAuth(p.name, p.password)
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	if answer, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode >= 300 {
		t.Errorf("%s: %s %s %v", url, resp.Status, answer, err)
	}
}

// waitForStored waits until as many events have come through a door.
func waitForStored(t *testing.T, b *bus, door string, n int) {
	t.Helper()
	waitFor(t, fmt.Sprintf("%d events through %s", n, door), func() bool {
		resp, err := http.Get("http://" + b.http + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return err == nil && strings.Contains(string(text), fmt.Sprintf("\nircbus_door_events_total{door=%q} %d\n", door, n))
	})
}
