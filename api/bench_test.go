package api

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/ircbus/ircbus"
)

// BenchmarkEncode is a format alone: events a second of one core.
func BenchmarkEncode(b *testing.B) {
	fields, err := ircbus.Parse(awkward[0] + "&oldrev=3&size=1200&oldsize=1180&minor=1&key=moin:4")
	if err != nil {
		b.Fatal(err)
	}
	e := ircbus.Event{ID: 123456, At: fuzzNow, Channel: "#moinmaster", Publisher: "moinmaster", Fields: fields}
	for _, format := range formats[:5] {
		b.Run(format.name, func(b *testing.B) {
			encoder := format.encoder(&envelope{})
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst = encoder.event(dst[:0], &e)
			}
			b.SetBytes(int64(len(dst)))
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkFloor is what BenchmarkChanges cannot be faster than: bytes that are
// ready, from one socket to another. One event is taken to have 800 of them.
func BenchmarkFloor(b *testing.B) {
	content := make([]byte, 800*10_000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(content) }))
	defer server.Close()
	for b.Loop() {
		response, err := http.Get(server.URL)
		if err != nil {
			b.Fatal(err)
		}
		_, err = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkChanges is a whole request over a socket: 10,000 events from the store.
func BenchmarkChanges(b *testing.B) {
	bus := startBus(b, nil)
	for n := range 10 {
		batch := make([]string, 1000)
		for i := range batch {
			batch[i] = fmt.Sprintf("%s&oldrev=3&size=1200&oldsize=1180&key=%d", awkward[0], n*1000+i)
		}
		bus.publish(batch...)
	}
	for _, test := range []struct{ format, coding string }{{"xml", "identity"}, {"json", "identity"}, {"json", "zstd"}, {"json", "gzip"}, {"qs", "identity"}} {
		b.Run(test.format+"/"+test.coding, func(b *testing.B) {
			var bytes int64
			for b.Loop() {
				r, err := http.NewRequest("GET", bus.url+"/changes?limit=10000&format="+test.format, nil)
				if err != nil {
					b.Fatal(err)
				}
				r.Header.Set("Accept-Encoding", test.coding)
				response, err := http.DefaultClient.Do(r)
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if err != nil {
					b.Fatal(err)
				}
				bytes = n
			}
			b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(bytes)/10_000, "B/event")
		})
	}
}
