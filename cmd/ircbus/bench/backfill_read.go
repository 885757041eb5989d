package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// beginnings are how an event begins in each format, up to its id.
var beginnings = map[string]string{"xml": `<event id="`, "json": `{"id":`, "ndjson": `{"id":`, "qs": "\nid="}

// get asks the API.
func (b *backfill) get(ctx context.Context, query string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+"/changes?"+query, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept-Encoding", "identity")
	answer, err := b.client.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 300))
		answer.Body.Close()
		return nil, fmt.Errorf("the bus answers %s to %s: %s", answer.Status, query, text)
	}
	return answer, nil
}

// bounds learns where the log begins and ends.
func (b *backfill) bounds(ctx context.Context) error {
	answer, err := b.get(ctx, "format=qs&limit=1")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
	b.result.Server = strings.ReplaceAll(answer.Header.Get("Server"), "/", "-")
	b.oldest, err = strconv.ParseUint(answer.Header.Get("Ircbus-Oldest"), 10, 64)
	if err == nil {
		b.head, err = strconv.ParseUint(answer.Header.Get("Ircbus-Head"), 10, 64)
	}
	if err != nil || b.head < b.oldest {
		return fmt.Errorf("the bus at %s has no events", b.base)
	}
	if b.result.Server == "" {
		b.result.Server = "ircbus"
	}
	return nil
}

// awaitIndex waits until the bus has its index: one that has just been filled has
// not, and answers more slowly.
func (b *backfill) awaitIndex(ctx context.Context) error {
	lacking := func() float64 { return metric(b.base, "ircbus_log_unindexed") }
	show := follow(b.env, func() string { return fmt.Sprintf("waiting for the index, which lacks %s events", readable(lacking())) })
	defer show.end()
	for lacking() > 0 {
		if err := wait(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// read reads everything in one format, page after page on one connection, until
// the end or for the time.
func (b *backfill) read(ctx context.Context, format string) error {
	ids := &idReader{beginning: []byte(beginnings[format])}
	show := follow(b.env, func() string { return "reading " + format })
	defer show.end()
	began := time.Now()
	for ids.last < b.head && time.Since(began) < b.Duration {
		before := ids.last
		answer, err := b.get(ctx, fmt.Sprintf("format=%s&limit=10000&order=asc&after=%d", format, ids.last))
		if err != nil {
			return err
		}
		ids.reset()
		_, err = io.CopyBuffer(struct{ io.Writer }{ids}, answer.Body, make([]byte, 256<<10))
		answer.Body.Close()
		if err != nil {
			return fmt.Errorf("reading %s: %w", format, err)
		}
		ids.flush()
		if ids.last == before {
			return fmt.Errorf("reading %s: no event came after %d, and the last is %d", format, before, b.head)
		}
	}
	took := time.Since(began).Seconds()
	b.result.add(format+"_per_s", float64(ids.count)/took)
	b.result.add(format+"_MB_per_s", float64(ids.bytes)/1e6/took)
	if ids.disorder != nil {
		b.failures = append(b.failures, fmt.Errorf("%s: %w", format, ids.disorder))
	}
	// The log of a bus that we have filled has no gaps.
	if b.HTTP == "" && ids.count != ids.last-b.oldest+1 {
		b.failures = append(b.failures, fmt.Errorf("%s: %d events came up to the id %d, and the first is %d", format, ids.count, ids.last, b.oldest))
	}
	return nil
}

// idReader finds the ids in an answer that is written to it, and checks that
// they grow.
type idReader struct {
	beginning []byte
	buf       []byte // what may be the beginning of an event, and what was written
	count     uint64
	last      uint64
	bytes     int64
	disorder  error
}

// reset prepares for the next answer. A line begins at its beginning, too.
func (r *idReader) reset() { r.buf = append(r.buf[:0], '\n') }

// maxDigits is how long an id is at most, with what follows it.
const maxDigits = 21

func (r *idReader) Write(b []byte) (int, error) {
	r.bytes += int64(len(b))
	r.buf = append(r.buf, b...)
	text := r.buf
	for {
		at := bytes.Index(text, r.beginning)
		if at < 0 || at+len(r.beginning)+maxDigits > len(text) {
			break
		}
		text = text[at+len(r.beginning):]
		r.see(text)
	}
	keep := min(len(text), len(r.beginning)+maxDigits)
	r.buf = r.buf[:copy(r.buf, text[len(text)-keep:])]
	return len(b), nil
}

// flush sees an event at the very end.
func (r *idReader) flush() {
	padding := bytes.Repeat([]byte(" "), maxDigits)
	r.Write(padding)
	r.bytes -= int64(len(padding))
}

// see reads the id at the beginning of text.
func (r *idReader) see(text []byte) {
	var id uint64
	for _, c := range text {
		if c < '0' || c > '9' {
			break
		}
		id = id*10 + uint64(c-'0')
	}
	if id <= r.last && r.disorder == nil {
		r.disorder = fmt.Errorf("the event %d came after %d", id, r.last)
	}
	r.count++
	r.last = id
}
