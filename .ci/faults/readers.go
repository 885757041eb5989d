package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// reader follows the feed of wiki, whatever happens to the bus, and must get all
// of it once and in order.
type reader struct {
	name   string
	bus    *bus
	ledger *ledger
	ctx    context.Context

	mu  sync.Mutex
	ids []uint64 // of everything it got; 0 where it began anew and may have missed something
}

// got notes an event. It is false if that cannot be.
func (r *reader) got(id uint64, mark string) {
	r.ledger.read(r.name, id, mark)
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.ids); n > 0 && r.ids[n-1] >= id {
		r.ledger.fault("%s got %d after %d", r.name, id, r.ids[n-1])
	}
	r.ids = append(r.ids, id)
}

func (r *reader) last() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ids) == 0 {
		return 0
	}
	return r.ids[len(r.ids)-1]
}

// run follows until the world ends.
func (r *reader) run(follow func(*reader) error) {
	for r.ctx.Err() == nil {
		follow(r)
		select {
		case <-r.ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// check holds what the reader got against the ids of the feed.
func (r *reader) check(feed []uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for begin := 0; begin < len(r.ids); {
		end := begin
		for end < len(r.ids) && r.ids[end] != 0 {
			end++
		}
		if piece := r.ids[begin:end]; len(piece) > 0 {
			at, _ := slices.BinarySearch(feed, piece[0])
			if at+len(piece) > len(feed) || !slices.Equal(feed[at:at+len(piece)], piece) {
				r.ledger.fault("%s missed something between %d and %d", r.name, piece[0], piece[len(piece)-1])
			}
		}
		begin = end + 1
	}
}

// followStream follows /stream, resuming where it ended.
func followStream(r *reader) error {
	q, err := http.NewRequestWithContext(r.ctx, "GET", fmt.Sprintf("http://%s/stream?channel=wiki&after=%d", r.bus.web, r.last()), nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	response, err := client.Do(q)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	var event string
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			event = name
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		switch {
		case !ok:
		case event == "gap":
			r.ledger.fault("%s was told of a gap: %s", r.name, data)
		default:
			var c changeEvent
			if json.Unmarshal([]byte(data), &c) != nil {
				return nil // cut off within
			}
			r.got(c.ID, c.mark())
		}
	}
	return lines.Err()
}

// followIRC is in the channel as long as the connection lasts.
func followIRC(how string) func(*reader) error {
	return func(r *reader) error {
		c, err := dialIRC(r.bus, how)
		if err != nil {
			return err
		}
		defer c.Close()
		defer context.AfterFunc(r.ctx, func() { c.Close() })()
		nick := "r" + strings.ToLower(how)
		if err := c.say("CAP REQ :message-tags", "NICK "+nick, "USER r 0 * :r", "CAP END", "JOIN #wiki"); err != nil {
			return err
		}
		if err := c.until(" 366 "); err != nil {
			return err
		}
		r.mu.Lock()
		r.ids = append(r.ids, 0)
		r.mu.Unlock()
		for {
			line, err := c.line()
			if err != nil {
				return err
			}
			_, text, ok := strings.Cut(line, " PRIVMSG #wiki :id=")
			if !ok || strings.Contains(text, "&part=") && !strings.Contains(text, "&part=1/") {
				continue
			}
			digits, _, _ := strings.Cut(text, "&")
			if id, err := strconv.ParseUint(digits, 10, 64); err == nil {
				r.got(id, marks.FindString(text))
			}
		}
	}
}
