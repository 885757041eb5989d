package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// Limits of the messages that wait to be stored.
const (
	chatDelay = 50 * time.Millisecond // until the first of them is, with those that came meanwhile
	chatRetry = time.Second           // after a failure
	chatBatch = 500                   // in one transaction
	chatQueue = 4096                  // beyond it they are lost
)

// chat is the queue of messages on their way to the writer.
type chat struct {
	wake chan struct{} // tells the writer that it is time

	mu      sync.Mutex
	pending []ircbus.Message // removed when they are on disk
	last    uint64           // id given out last
	newest  time.Time        // of those that there were at the start
	lost    int
}

func newChat() chat { return chat{wake: make(chan struct{}, 1)} }

var _ history.Chat = (*Store)(nil)

// Keep implements history.Chat.
func (s *Store) Keep(m ircbus.Message) {
	q := &s.chat
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last++
	if m.ID = q.last; len(q.pending) >= chatQueue {
		q.lost++
		return
	}
	q.pending = append(q.pending, m)
	switch len(q.pending) {
	case 1:
		time.AfterFunc(chatDelay, q.ring)
	case chatBatch:
		q.ring()
	}
}

// ring wakes the writer.
func (q *chat) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Last implements history.Chat.
func (s *Store) Last() uint64 {
	s.chat.mu.Lock()
	defer s.chat.mu.Unlock()
	return s.chat.last
}

// NewestChat is the time of the newest message that was there when the store was
// opened. The clock may have been set back since.
func (s *Store) NewestChat() time.Time { return s.chat.newest }

// next returns what the writer is to store now.
func (q *chat) next() []ircbus.Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.pending[:min(len(q.pending), chatBatch)]
}

// done forgets the first n, which are stored, and returns how many remain and
// how many have been lost since the last time.
func (q *chat) done(n int) (remain, lost int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending = q.pending[n:]
	if len(q.pending) == 0 {
		q.pending = nil
	}
	lost, q.lost = q.lost, 0
	return len(q.pending), lost
}

// waits reports whether a message up to the id is not on disk yet.
func (q *chat) waits(id uint64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.pending) > 0 && q.pending[0].ID <= id
}

// loadChat finds where the order goes on.
func (w *writer) loadChat() error {
	var last, at int64
	err := w.db.row("SELECT coalesce((SELECT max(id) FROM chat), 0), coalesce((SELECT max(at) FROM chat), 0)", nil, &last, &at)
	w.store.chat.last, w.store.chat.newest = uint64(last), time.UnixMicro(at).UTC()
	return err
}

// writeChat stores one transaction's messages. What fails is tried again.
func (w *writer) writeChat() error {
	q := &w.store.chat
	batch := q.next()
	if len(batch) == 0 {
		return nil
	}
	err := w.transaction(func() error {
		for i := range batch {
			if err := w.insertMessage(&batch[i]); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err == nil:
		w.failed(nil)
	case poisoned(err):
		w.store.log.Error("messages of people could not be stored and are lost", "count", len(batch), "err", err)
	default:
		w.failed(err)
		time.AfterFunc(chatRetry, q.ring)
		return err
	}
	remain, lost := q.done(len(batch))
	if lost > 0 {
		w.store.log.Warn("messages of people were lost while the history could not be written", "count", lost)
	}
	if remain > 0 {
		q.ring()
	}
	return nil
}

// finishChat stores what still waits, unless that fails.
func (w *writer) finishChat() {
	q := &w.store.chat
	for q.waits(w.store.Last()) {
		if err := w.writeChat(); err != nil {
			remain, lost := q.done(0)
			w.store.log.Error("messages of people are lost", "count", remain+lost, "err", err)
			return
		}
	}
}

func (w *writer) insertMessage(m *ircbus.Message) error {
	params, err := json.Marshal(m.Params)
	if err != nil {
		return fmt.Errorf("the parameters of a message cannot be written: %w", err)
	}
	_, err = w.db.exec("INSERT INTO chat VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		int64(m.ID), m.Owner, m.Target, m.At.UnixMicro(), m.MsgID, m.Source, m.Account, m.Command,
		string(params), m.Tags, m.Bot, m.Closed)
	return err
}

// flushChat returns when everything up to the id is on disk.
func (s *Store) flushChat(ctx context.Context, id uint64) error {
	for s.chat.waits(id) {
		if err := s.onWriter(ctx, (*writer).writeChat); err != nil {
			return err
		}
	}
	return nil
}
