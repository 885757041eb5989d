package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// weechat is Debian's WeeChat without a screen. A script in it writes down what
// it shows, and its FIFO takes commands.
type weechat struct {
	t   *testing.T
	dir string
}

const weechatScript = `import json, weechat
weechat.register("e2e", "ircbus", "1", "MIT", "writes down what is shown", "", "")
shown = open(weechat.info_get("weechat_data_dir", "") + "/shown", "a", buffering=1)
def on_print(data, buffer, date, tags, displayed, highlight, prefix, message):
    shown.write(json.dumps({"buffer": weechat.buffer_get_string(buffer, "full_name"), "date": int(date),
        "tags": tags.split(","), "highlight": int(highlight),
        "text": weechat.string_remove_color(prefix + " " + message, "")}) + "\n")
    return weechat.WEECHAT_RC_OK
weechat.hook_print("", "", "", 0, "on_print", "")
`

// startWeechat connects by TLS and logs in with SASL SCRAM-SHA-256.
func startWeechat(t *testing.T, b *bus, p person) client {
	t.Helper()
	w := weechat{t, t.TempDir()}
	autoload := filepath.Join(w.dir, "python", "autoload")
	if err := os.MkdirAll(autoload, 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(autoload, "e2e.py"), weechatScript)
	writeFile(t, filepath.Join(w.dir, "fifo.conf"), "[file]\nenabled = on\npath = \"${weechat_data_dir}/fifo\"\n")
	writeFile(t, filepath.Join(w.dir, "weechat.conf"), "[look]\nhighlight = \"Physics\"\n")
	writeFile(t, filepath.Join(w.dir, "irc.conf"), fmt.Sprintf(`[server]
bus.addresses = "%s"
bus.ssl = on
bus.ssl_fingerprint = "%s"
bus.sasl_mechanism = scram-sha-256
bus.sasl_username = "%s"
bus.sasl_password = "%s"
bus.nicks = "%[3]s"
bus.autoconnect = on
`, strings.Replace(b.ircTLS, ":", "/", 1), b.certificateSHA256, p.name, p.password))
	start(t, exec.Command("weechat-headless", "--dir", w.dir, "--stdout"), "weechat-headless")
	w.wait("irc.server.bus", "irc_001")
	return w
}

// weechatLine is a line of the script's.
type weechatLine struct {
	Buffer    string
	Date      int64
	Tags      []string
	Highlight int
	Text      string
}

func (w weechat) shown() []weechatLine {
	w.t.Helper()
	var all []weechatLine
	for _, text := range fileLines(w.t, filepath.Join(w.dir, "shown")) {
		var l weechatLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			w.t.Fatalf("%q: %v", text, err)
		}
		all = append(all, l)
	}
	return all
}

// wait waits for a line with a tag in a buffer.
func (w weechat) wait(buffer, tag string) {
	w.t.Helper()
	waitFor(w.t, "WeeChat to show "+tag+" in "+buffer, func() bool {
		return slices.ContainsFunc(w.shown(), func(l weechatLine) bool {
			return l.Buffer == buffer && slices.Contains(l.Tags, tag)
		})
	})
}

func (w weechat) join(channel string) {
	w.t.Helper()
	fifo, err := os.OpenFile(filepath.Join(w.dir, "fifo"), os.O_WRONLY, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	defer fifo.Close()
	if _, err := fmt.Fprintf(fifo, "irc.server.bus */join %s\n", channel); err != nil {
		w.t.Fatal(err)
	}
	w.wait("irc.bus."+channel, "irc_366")
}

func (w weechat) lines(channel string) []line {
	w.t.Helper()
	var all []line
	for _, l := range w.shown() {
		if l.Buffer == "irc.bus."+channel {
			clock := time.Unix(l.Date, 0).UTC().Format(time.TimeOnly)
			all = append(all, line{clock: clock, text: l.Text, highlight: l.Highlight != 0})
		}
	}
	return all
}
