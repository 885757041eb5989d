package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// page is a small web client for IRC: it joins a channel and shows what is said
// there. It tells the test what its reader sees.
const page = `<!DOCTYPE html><meta charset="utf-8"><title>chat</title><ul id="lines"></ul><script>
const tell = (path, text) => fetch(path, {method: "POST", body: text});
const socket = new WebSocket("ws://%s/irc", ["text.ircv3.net"]);
socket.onopen = () => { socket.send("NICK browser"); socket.send("USER browser 0 * :A page"); };
socket.onclose = event => tell("/closed", event.wasClean + " " + event.code);
socket.onmessage = message => {
	const words = message.data.split(" ");
	if (words[0] == "PING") socket.send("PONG " + words[1]);
	if (words[1] == "422" || words[1] == "376") socket.send("JOIN #talk");
	if (words[1] == "366") tell("/joined", socket.protocol);
	if (words[1] != "PRIVMSG") return;
	const line = document.createElement("li");
	line.textContent = message.data;
	document.getElementById("lines").append(line);
	tell("/shown", document.getElementById("lines").innerText);
	socket.send("PRIVMSG #talk :seen");
	socket.send("QUIT :done");
};
</script>`

// TestBrowser: a page in Chromium connects by WebSocket, joins a channel, shows
// what somebody says there, and answers.
func TestBrowser(t *testing.T) {
	told := map[string]chan string{}
	for _, path := range []string{"/joined", "/shown", "/closed"} {
		told[path] = make(chan string, 10)
	}
	var address string
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, page, address)
			return
		}
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		told[r.URL.Path] <- string(text)
	}))
	t.Cleanup(site.Close)
	b := startBus(t, fmt.Sprintf("[websocket]\norigins = [%q]\n", site.URL))
	address = b.http
	other := joinRaw(t, b.irc, "#talk")
	start(t, chromium(t, site.URL), "chromium")

	expect := func(path, want string) {
		t.Helper()
		var got string
		waitFor(t, "the page to tell "+path, func() bool {
			select {
			case got = <-told[path]:
				return true
			default:
				return false
			}
		})
		if !strings.Contains(got, want) {
			t.Errorf("the page told %s %q, not %q", path, got, want)
		}
	}
	expect("/joined", "text.ircv3.net")
	say(t, b.irc, "#talk", "שלום, browser")
	expect("/shown", "PRIVMSG #talk :שלום, browser")
	waitFor(t, "the page's answer", func() bool { return strings.Contains(strings.Join(other.get(), "\n"), "seen") })
	expect("/closed", "true 1000")
}

// say sends one message to a channel from a connection of its own.
func say(t *testing.T, addr, channel, text string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "NICK speaker\r\nUSER speaker 0 * :s\r\nJOIN %s\r\nPRIVMSG %s :%s\r\nQUIT\r\n", channel, channel, text)
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Fatal(err)
	}
}
