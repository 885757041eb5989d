package bus

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The benchmarks here publish on a real bus, with synchronous=FULL, from the same
// process, and check that everything is acknowledged and stored, in order.

// change is the i-th event of a wiki, as a publisher sends it, with a key.
func change(i int) string {
	return fmt.Sprintf("wiki=MoinMaster&page=P%d&action=SAVE&user=פלוני+אלמוני&comment=typo+in+the+second+paragraph&rev=%d&key=%08d", i, i, i)
}

// pipeline publishes changes on a connection, many under way, and waits until
// all are acknowledged in their order.
func (a *author) pipeline(n int) {
	sent := make(chan error, 1)
	first := a.n
	a.n += n
	go func() {
		w := bufio.NewWriterSize(a, 64<<10)
		for i := range n {
			fmt.Fprintf(w, "@label=n%d PRIVMSG #moin :%s\r\n", first+i+1, change(first+i+1))
		}
		sent <- w.Flush()
	}()
	a.SetReadDeadline(time.Now().Add(patience))
	for i := first + 1; i <= a.n; i++ {
		line, err := a.lines.ReadSlice('\n')
		if want := fmt.Appendf(nil, "@label=n%d;msgid=", i); err != nil || !bytes.HasPrefix(line, want) {
			a.t.Fatalf("%s %v, want %s", line, err, want)
		}
	}
	if err := <-sent; err != nil {
		a.t.Fatal(err)
	}
}

// perSecond reports how many events per second the benchmark has published.
func perSecond(b *testing.B, events int) {
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkPublishPipelined: one publisher over IRC that does not wait for its
// acknowledgements.
func BenchmarkPublishPipelined(b *testing.B) {
	bus, a := hostileBus(b)
	const each = 10_000
	for b.Loop() {
		a.pipeline(each)
	}
	perSecond(b, a.n)
	checkStored(b, bus, a)
}

// BenchmarkPublishHundred: a hundred publishers over IRC, each with up to ten
// events under way.
func BenchmarkPublishHundred(b *testing.B) {
	bus, first := hostileBus(b)
	authors := []*author{first}
	for len(authors) < 100 {
		authors = append(authors, newAuthor(b, bus))
	}
	const each = 500
	for b.Loop() {
		var wg sync.WaitGroup
		for _, a := range authors {
			wg.Go(func() {
				for range each / 10 {
					a.burst(10)
				}
			})
		}
		wg.Wait()
	}
	perSecond(b, 100*each*b.N)
	checkHead(b, bus, 100*each*b.N)
}

// burst publishes n events at once and waits until all are acknowledged.
func (a *author) burst(n int) {
	var lines strings.Builder
	for range n {
		a.n++
		fmt.Fprintf(&lines, "@label=n%d PRIVMSG #moin :wiki=MoinMaster&page=P%d&action=SAVE&user=פלוני+אלמוני&comment=typo+in+the+second+paragraph&rev=%d\r\n", a.n, a.n, a.n)
	}
	if _, err := io.WriteString(a, lines.String()); err != nil {
		a.t.Error(err)
		return
	}
	a.SetReadDeadline(time.Now().Add(patience))
	for i := a.n - n + 1; i <= a.n; i++ {
		line, err := a.lines.ReadSlice('\n')
		if want := fmt.Appendf(nil, "@label=n%d;msgid=", i); err != nil || !bytes.HasPrefix(line, want) {
			a.t.Errorf("%s %v, want %s", line, err, want)
			return
		}
	}
}

// BenchmarkPublishNDJSON: two publishers over HTTP, in batches of a thousand.
func BenchmarkPublishNDJSON(b *testing.B) {
	bus, _ := hostileBus(b)
	const publishers, batches, size = 2, 10, 1000
	published := 0
	for b.Loop() {
		var wg sync.WaitGroup
		for p := range publishers {
			wg.Go(func() {
				for batch := range batches {
					post(b, bus, published+(p*batches+batch)*size, size)
				}
			})
		}
		wg.Wait()
		published += publishers * batches * size
	}
	perSecond(b, published)
	checkHead(b, bus, published)
}

// checkHead holds the store's last id against what has been published.
func checkHead(b *testing.B, bus *Bus, published int) {
	if bounds, err := bus.store.Bounds(b.Context()); err != nil || int(bounds.Head) != published {
		b.Errorf("%d of %d events are stored: %v", bounds.Head, published, err)
	}
}

// post publishes n events from the i-th on.
func post(b *testing.B, bus *Bus, i, n int) {
	var body bytes.Buffer
	for k := range n {
		fmt.Fprintf(&body, `{"wiki":"MoinMaster","page":"P%d","action":"SAVE","user":"פלוני אלמוני","comment":"typo in the second paragraph","rev":%d,"key":"%d"}`+"\n", i+k, i+k, i+k)
	}
	request, err := http.NewRequest("POST", bus.URL()+"/events", &body)
	if err != nil {
		b.Error(err)
		return
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	request.SetBasicAuth("moin", "right password")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Error(err)
		return
	}
	defer answer.Body.Close()
	if n, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusCreated || n < 100 {
		b.Errorf("%s, %d bytes, %v", answer.Status, n, err)
	}
}

// BenchmarkPublishOne: one publisher over IRC that waits for each
// acknowledgement, in turn with commits of one row with the database alone, which
// are what the disk takes.
func BenchmarkPublishOne(b *testing.B) {
	bus, a := hostileBus(b)
	s := newScribe(b, bus)
	commit := diskFloor(b)
	var times, floor []time.Duration
	for b.Loop() {
		start := time.Now()
		commit()
		floor = append(floor, time.Since(start))
		times = append(times, s.publish(1)...)
	}
	b.ReportMetric(float64(median(times).Microseconds()), "µs-p50")
	b.ReportMetric(float64(median(floor).Microseconds()), "µs-disk-p50")
	b.ReportMetric(float64(median(times))/float64(median(floor)), "ratio")
	a.n = s.n
	checkStored(b, bus, a)
}

// diskFloor returns a function that commits one row to a database of its own, as
// small as can be, and as durable as the bus's.
func diskFloor(b testing.TB) func() {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "floor.db")+"?_journal_mode=WAL&_synchronous=FULL&_mutex=no")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE events (id INTEGER PRIMARY KEY, body TEXT)"); err != nil {
		b.Fatal(err)
	}
	insert, err := db.Prepare("INSERT INTO events VALUES (NULL, ?)")
	if err != nil {
		b.Fatal(err)
	}
	commit := func() {
		if _, err := insert.ExecContext(context.Background(), change(1)); err != nil {
			b.Fatal(err)
		}
	}
	for range 1000 { // its log has its length then
		commit()
	}
	return commit
}

// BenchmarkPublishDeliver: one publisher that publishes 1,000 events a second,
// and how long it takes until a member of the channel has each.
func BenchmarkPublishDeliver(b *testing.B) {
	bus, a := hostileBus(b)
	reader := connect(b, bus.IRCAddr(), "reader")
	reader.say("JOIN #moin")
	reader.until(" 366 ")
	go io.Copy(io.Discard, a)
	var times []time.Duration
	next := time.Now()
	for b.Loop() {
		if wait := time.Until(next); wait > 0 {
			<-time.After(wait)
		}
		next = next.Add(time.Millisecond)
		a.n++
		start := time.Now()
		a.say(fmt.Sprintf("@label=n%d PRIVMSG #moin :%s", a.n, change(a.n)))
		reader.until(fmt.Sprintf("&key=%08d", a.n))
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "µs-p99")
	checkStored(b, bus, a)
}
