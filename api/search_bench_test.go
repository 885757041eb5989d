//go:build unix

package api

import (
	"fmt"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// worstFilters are those that cost most in some way, with the events for which they
// do. None of them finds anything.
var worstFilters = []struct {
	name   string
	fields ircbus.Fields
	views  []string
}{
	{"long", made("comment", strings.Repeat("a", 8000)), []string{"?comment=*" + strings.Repeat("a", 120) + "b*"}},
	{"or", made("comment", strings.Repeat("plain text, ", 600)), []string{"?" + strings.Repeat("c=*N*&", 20) + "comment=*N*"}},
	{"any", made("c", strings.Repeat("a", 8000)), []string{"?c=*" + strings.Repeat("a?", 60) + "b*"}},
	{"ors", made("c", strings.Repeat("a", 8000)), []string{"?" + strings.Repeat("c=*ab*&", 18) + "c=*b*"}},
	{"alphabet", made("c", strings.Repeat("Ж", 4000)), []string{"?c=*x*"}},
	{"fields", many(60), []string{"?" + strings.Repeat("c=*ab*&", 18) + "c=*b*"}},
	{"small", made("c", "a"), []string{"?c=*b*"}},
	{"views", made("c", strings.Repeat("a", 100)), manyViews()},
	{"indexed", made("page", "Page", "user", "user"), []string{"?page=P*&user=*x*"}},
}

func made(words ...string) (f ircbus.Fields) {
	for i := 0; i < len(words); i += 2 {
		f = append(f, ircbus.Field{Key: words[i], Value: words[i+1]})
	}
	return f
}

func many(n int) (f ircbus.Fields) {
	for range n {
		f = append(f, ircbus.Field{Key: "c", Value: "aaaa"})
	}
	return f
}

func manyViews() (views []string) {
	for i := range MaxChannels {
		views = append(views, fmt.Sprintf("?c=*ab*&c=*ac*&c=*ad*&c=*%d*", i))
	}
	return views
}

// BenchmarkSearchWorst is the processor time of one page of the worst filters, in
// a log with more events than a page may read.
func BenchmarkSearchWorst(b *testing.B) {
	for _, worst := range worstFilters {
		b.Run(worst.name, func(b *testing.B) {
			bus := startBus(b, nil)
			event := ircbus.Event{Channel: "#moinmaster", Publisher: "moinmaster", Fields: worst.fields}
			batch := make([]ircbus.Event, 1000)
			for i := range batch {
				batch[i] = event
			}
			for size := 0; size < searchBytes; size += len(batch) * (64 + len(worst.fields.Encode())) {
				if _, err := bus.store.Append(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			query := url.Values{"limit": {"1"}}
			for _, view := range worst.views {
				query.Add("channel", "#moinmaster"+view)
			}
			var longest time.Duration
			for b.Loop() {
				began := processorTime()
				bus.changes("/changes?" + query.Encode())
				longest = max(longest, processorTime()-began)
			}
			b.ReportMetric(longest.Seconds(), "cpu-s/page")
		})
	}
}

func processorTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
