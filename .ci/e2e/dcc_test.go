package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDCC: Debian's irssi asks a publisher for old events and gets them as a
// file, connecting to the bus and being connected to. The file has the bytes
// that the same query has over HTTP.
func TestDCC(t *testing.T) {
	const events = 400
	b := startBus(t, "[dcc]\nports = \"30000-32000\"\n")
	door, err := net.Dial("udp", b.udp)
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	for i := range events {
		fmt.Fprintf(door, `{"wiki":%q,"type":"edit","title":"Page %d","user":"Reader","comment":"%s","timestamp":1795169000,"id":%d}`,
			wikiName, i, strings.Repeat("ש", 100), i+1)
	}
	address := "http://" + b.http + "/changes?channel=" + wikiName + "&format=qs&after=0"
	waitFor(t, "all events to be stored", func() bool { return strings.Count(fetch(t, address), "\n") == events })
	want := fetch(t, address)

	home := t.TempDir()
	i := newIrssi(t, fmt.Sprintf(`address = "127.0.0.1"; port = "%s"; use_tls = "no";`, strings.TrimPrefix(b.irc, "127.0.0.1:")), `nick = "reader";`)
	for _, setting := range []string{"dcc_download_path " + home, "dcc_autoget on", "dcc_port 33000 34000", "dcc_own_ip 127.0.0.1"} {
		i.enter("/set " + setting)
	}
	file := filepath.Join(home, fmt.Sprintf("%s-1-%d.txt", wikiName, events))
	for _, way := range []string{"DCC", "DCC PASSIVE"} {
		i.enter("/msg " + wikiName + " GETMESSAGES_SINCE_ENTRY 0 " + way)
		if way == "DCC PASSIVE" { // which irssi never fetches by itself
			waitFor(t, "irssi to know of the file", func() bool { return i.shows("127.0.0.1 port 0]") })
			i.enter("/dcc get " + wikiName)
		}
		waitFor(t, "irssi to have the file by "+way, func() bool {
			got, err := os.ReadFile(file)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			return string(got) == want
		})
		waitFor(t, "irssi to say so", func() bool { return i.shows("DCC received file") })
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		i.enter("/clear")
		waitFor(t, "irssi's screen to be empty", func() bool { return !i.shows("DCC received file") })
	}
}

// fetch returns an answer's body.
func fetch(t *testing.T, address string) string {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
