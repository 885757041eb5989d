package mediawiki

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"testing"
)

// packet is one recorded datagram; see testdata/README.md.
type packet struct {
	Seq    int
	Feed   string
	Step   string
	Packet string
}

// change is what the feeds sent for one change, by feed.
type change map[string]packet

func recorded(t testing.TB, name string) []packet {
	t.Helper()
	file, err := os.Open("testdata/" + name + ".jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var packets []packet
	for d := json.NewDecoder(z); ; {
		var p packet
		if err := d.Decode(&p); err == io.EOF {
			return packets
		} else if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, p)
	}
}

// changes pairs the packets of each change: they follow their json packet.
func changes(t testing.TB, name string) []change {
	t.Helper()
	var all []change
	for _, p := range recorded(t, name) {
		if p.Feed == "json" {
			all = append(all, change{})
		}
		c := all[len(all)-1]
		if _, twice := c[p.Feed]; twice {
			t.Fatalf("%s: packet %d is a second %s of its change", name, p.Seq, p.Feed)
		}
		c[p.Feed] = p
	}
	return all
}

func eventStreams(t testing.TB) [][]byte {
	t.Helper()
	data, err := os.ReadFile("testdata/eventstreams.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(data), []byte("\n"))
}
