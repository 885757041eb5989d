package ircd

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// TestRecordedClients replays what real clients sent: each must be registered
// and in #rc in the end.
func TestRecordedClients(t *testing.T) {
	files, err := filepath.Glob("testdata/clients/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			b := newBus(t)
			b.SetPublishers([]Publisher{{Wiki: ircbus.Wiki{Publisher: "rc",
				Feeds: []ircbus.Feed{{Channel: "#rc.packed", Text: "#rc"}}}, Line: line}})
			u := b.dial()
			chunks := recording(t, file)
			for _, chunk := range chunks {
				u.raw(chunk)
			}
			quits := strings.Contains(strings.ToLower(strings.Join(chunks, "")), "\nquit") ||
				strings.HasPrefix(strings.ToLower(chunks[len(chunks)-1]), "quit")
			if !quits {
				u.send("QUIT")
			}
			checkClient(t, file, u.rest())
		})
	}
}

// rest reads to the end of the connection.
func (u *user) rest() []string {
	var lines []string
	for {
		u.nc.SetReadDeadline(time.Now().Add(patience))
		line, err := u.r.ReadString('\n')
		if err != nil {
			return lines
		}
		lines = append(lines, strings.TrimSuffix(line, "\r\n"))
	}
}

func checkClient(t *testing.T, file string, lines []string) {
	all := strings.Join(lines, "\n")
	want := []string{" 001 ", " JOIN #rc", " 332 ", " 353 ", " 366 ", "\nERROR :Quit"}
	switch name := filepath.Base(file); {
	case strings.HasPrefix(name, "eggdrop"):
		want = append(want, " 368 ", " 349 ", " 347 ", " 352 ", " 315 ", " 324 ")
	case strings.HasPrefix(name, "weechat.cap"), strings.HasPrefix(name, "limnoria"):
		want = append(want, " 354 ", " 315 ", " 324 ")
	case strings.HasPrefix(name, "irssi"):
		want = append(want, " 451 ")
	case strings.HasPrefix(name, "weechat-scram"):
		want = append(want, " 908 ", " 904 ", " 354 ", " 315 ", " 324 ")
	case strings.HasPrefix(name, "catgirl-sasl"), name == "weechat.tls":
		want = append(want, " 900 ", " 903 ")
	}
	for _, part := range want {
		if !strings.Contains(all, part) {
			t.Errorf("%q is missing in\n%s", part, all)
		}
	}
	for _, numeric := range []string{" 400 ", " 417 ", " 421 ", " 461 ", " NAK "} {
		if strings.Contains(all, numeric) {
			t.Errorf("%q is in\n%s", numeric, all)
		}
	}
}

// recording reads what a client wrote. From requests for capabilities it takes
// out what this server does not offer, as the client would have done.
func recording(t *testing.T, file string) []string {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var chunks []string
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		var chunk string
		if err := json.Unmarshal(scanner.Bytes(), &chunk); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, ".nocap") {
			// The listener did not know CAP. A client that is told not to use it
			// sends the same without this.
			chunk = strings.Replace(chunk, "CAP LS 302\r\n", "", 1)
		}
		if request, ok := strings.CutPrefix(chunk, "CAP REQ :"); ok {
			var names []string
			for _, name := range strings.Fields(request) {
				if _, known := capByName(name); known {
					names = append(names, name)
				}
			}
			if chunk = ""; len(names) > 0 {
				chunk = "CAP REQ :" + strings.Join(names, " ") + "\r\n"
			}
		}
		chunks = append(chunks, chunk)
	}
	return chunks
}
