package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"github.com/ircbus/ircbus"
)

// startAtLast narrows the first page's query to the last events that there are now:
// it counts them from the end.
func (r *changesReader) startAtLast(query url.Values) error {
	back := url.Values{}
	for name, values := range query {
		back[name] = values
	}
	back.Set("format", "ndjson")
	back.Set("order", "desc")
	left := r.cmd.Last
	var first, last ircbus.ID
	for back != nil && left > 0 {
		back.Set("limit", strconv.Itoa(min(left, maxChangesPage)))
		ids, next, err := r.ids(back)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			first = ids[len(ids)-1]
			last = max(last, ids[0])
		}
		left -= len(ids)
		back = next
	}
	if first == 0 {
		return nil // there is none
	}
	query.Set("after", strconv.FormatUint(uint64(first-1), 10))
	query.Set("until", strconv.FormatUint(uint64(last), 10))
	if !pages(r.format) {
		query.Set("limit", strconv.Itoa(r.cmd.Last))
	}
	return nil
}

// ids asks for a page and returns the ids of its events.
func (r *changesReader) ids(query url.Values) (ids []ircbus.ID, next url.Values, err error) {
	answer, err := r.get(query)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e struct {
			ID ircbus.ID `json:"id"`
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, nil, fmt.Errorf("the bus's answer is broken: %w", err)
		}
		ids = append(ids, e.ID)
	}
	return ids, nextPage(answer.Header), lines.Err()
}
