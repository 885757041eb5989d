package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// verify reads the whole log and holds it against the ledger.
func (b *bus) verify(l *ledger) error {
	acked, seen := l.expectations()
	log, epoch, err := b.log("")
	if err != nil {
		return fmt.Errorf("reading the log: %w: %s", err, b.output)
	}
	if b.epoch != "" && b.epoch != epoch {
		l.fault("the epoch was %s and is %s", b.epoch, epoch)
	}
	b.epoch = epoch
	l.check(log, acked, seen)
	return nil
}

// changeEvent is an event as the bus gives it.
type changeEvent struct {
	ID     uint64         `json:"id"`
	Fields map[string]any `json:"fields"`
}

var marks = regexp.MustCompile(`F[0-9]+x[0-9]+(b[0-9]+)?`)

// mark is what identifies an event for us, in whatever field.
func (c *changeEvent) mark() string {
	for _, v := range c.Fields {
		if mark := marks.FindString(fmt.Sprint(v)); mark != "" {
			return mark
		}
	}
	return ""
}

// log reads the log, or one channel of it.
func (b *bus) log(channel string) (log []entry, epoch string, err error) {
	after := uint64(0)
	for {
		answer, err := get(fmt.Sprintf("http://%s/changes?format=ndjson&limit=10000&after=%d%s", b.web, after, channel))
		if err != nil {
			return nil, "", err
		}
		epoch = answer.header.Get("Ircbus-Epoch")
		for line := range strings.Lines(answer.body) {
			var c changeEvent
			if err := json.Unmarshal([]byte(line), &c); err != nil {
				return nil, "", err
			}
			log = append(log, entry{c.ID, c.mark()})
			after = c.ID
		}
		if !strings.Contains(answer.header.Get("Link"), "next") {
			return log, epoch, nil
		}
	}
}

type answer struct {
	header http.Header
	body   string
}

func get(url string) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return answer{}, err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != 200 {
		err = fmt.Errorf("%s: %s: %s", url, response.Status, body)
	}
	return answer{response.Header, string(body)}, err
}
