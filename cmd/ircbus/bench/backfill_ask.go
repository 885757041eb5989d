package bench

import (
	"context"
	"fmt"
	"io"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// question is one that is asked for its first page.
type question struct{ name, query string }

// questions are asked from the middle of the log, the end, or the beginning.
// Pages and users are those of fillEvent: so in our own bus one in 50,000 events
// or in 5,000 answers, in another bus perhaps none, which is the harder.
func (b *backfill) questions(middle time.Time) []question {
	after := b.oldest + (b.head-b.oldest)/2
	from := "from=" + url.QueryEscape(middle.UTC().Format(time.RFC3339))
	view := func(filter string) string { return "channel=" + url.QueryEscape(feed+"?"+filter) }
	return []question{
		{"after", fmt.Sprintf("after=%d", after)},
		{"from", from},
		{"from_a_minute_ago", "from=-1m"},
		{"newest", "order=desc"},
		{"channel", fmt.Sprintf("channel=%s3&after=%d", feed, after)},
		{"page", view("page=Some/Page77")},
		{"page_from", from + "&" + view("page=Some/Page77")},
		{"page_pattern", view("page=*Page777*")},
		{"user", view("user=User77")},
		{"user_newest", "order=desc&" + view("user=User77")},
		{"action", fmt.Sprintf("after=%d&%s", after, view("action=SAVENEW"))},
		{"nobody", view("user=Nobody")},
	}
}

// askFor is how long one question is asked at most, once at least.
const askFor = 2 * time.Second

// ask measures the time to the first byte of the answers.
func (b *backfill) ask(ctx context.Context) error {
	middle := time.Now().Add(-fillSpan / 2)
	show := follow(b.env, func() string { return "asking" })
	defer show.end()
	for _, q := range b.questions(middle) {
		var first load.Histogram
		for began := time.Now(); first.Count() < uint64(b.Asks) && time.Since(began) < askFor; {
			took, err := b.firstByte(ctx, "format=json&limit=50&"+q.query)
			if err != nil {
				return fmt.Errorf("asking for %s: %w", q.name, err)
			}
			first.Record(took)
		}
		b.result.add("first_byte_"+q.name+"_p50_ms", milliseconds(first.Quantile(.5)))
		b.result.add("first_byte_"+q.name+"_max_ms", milliseconds(first.Max()))
	}
	return nil
}

// firstByte is the time from the question to the first byte of the answer.
func (b *backfill) firstByte(ctx context.Context, query string) (took time.Duration, err error) {
	began := time.Now()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: func() { took = time.Since(began) }})
	answer, err := b.get(ctx, query)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return took, err
}
