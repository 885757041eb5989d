package moin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher"
	"github.com/ircbus/ircbus/publisher/door"
)

// Engine is what a description block calls these wikis.
const Engine = "moin-1.9"

// Wiki is one whose edit-log is read.
type Wiki struct {
	Name    string // in events
	Account string // that publishes
	Data    string // its data directory
}

// Config says which wikis a Source reads.
type Config struct {
	Wikis []Wiki
	Every time.Duration // how often it looks; 0 is once a second

	// Load returns what Save has kept of the places in the logs; nil if nothing.
	Load func() ([]byte, error)
	Save func([]byte) error
}

// Source reads the edit-logs of wikis as they grow. A log that it sees for the first
// time it reads from its end on. After that no line is left out, whatever happens
// to the file in between, and what is read twice is one event.
type Source struct {
	in     *door.Inlet
	cfg    Config
	tails  []*tail          // by index in cfg.Wikis
	places map[string]place // by Wiki.Name, as they are kept
}

var _ publisher.Source = (*Source)(nil)

// Open finds the places in the logs. A log that cannot be read is no error: it may
// come later.
func Open(in *door.Inlet, cfg Config) (*Source, error) {
	if cfg.Every == 0 {
		cfg.Every = time.Second
	}
	s := &Source{in: in, cfg: cfg}
	kept, err := cfg.Load()
	if err == nil && kept != nil {
		err = json.Unmarshal(kept, &s.places)
	}
	if err != nil {
		return nil, fmt.Errorf("the places in the edit-logs cannot be read: %w", err)
	}
	for _, wiki := range cfg.Wikis {
		var at *place
		if p, ok := s.places[wiki.Name]; ok && p.Offset >= 0 {
			at = &p
		}
		t := newTail(filepath.Join(wiki.Data, "edit-log"), at)
		if err := t.look(); err != nil {
			in.Trouble("an edit-log cannot be read", err)
		}
		s.tails = append(s.tails, t)
	}
	return s, s.save()
}

// Close closes a source that does not Run.
func (s *Source) Close() error {
	for _, t := range s.tails {
		t.close()
	}
	return nil
}

// Run reads what comes until ctx ends, and returns nil then. It is called once.
func (s *Source) Run(ctx context.Context) error {
	defer s.Close()
	tick := time.NewTicker(s.cfg.Every)
	defer tick.Stop()
	storing, stop := door.Draining(ctx)
	defer stop()
	for {
		for i, t := range s.tails {
			if err := s.read(ctx, storing, &s.cfg.Wikis[i], t); err != nil && ctx.Err() == nil {
				s.in.Trouble("an edit-log cannot be read", err)
			}
		}
		if err := s.save(); err != nil {
			s.in.Trouble("the places in the edit-logs cannot be kept", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// read takes everything that a log has by now. storing outlives ctx a little.
func (s *Source) read(ctx, storing context.Context, wiki *Wiki, t *tail) error {
	before := t.place
	if err := t.look(); err != nil {
		return err
	}
	if before.Offset > 0 && t.place.Offset == 0 {
		s.in.Log.Warn("an edit-log has been replaced, it is read from its begin", "wiki", wiki.Name, "log", t.log)
	}
	for t.file != nil && ctx.Err() == nil {
		lines, end, err := t.next()
		if err != nil {
			return err
		}
		if end > t.place.Offset {
			s.take(storing, wiki, t, lines)
			if storing.Err() != nil {
				return storing.Err() // perhaps it is not stored
			}
			if err := t.done(end); err != nil {
				return err
			}
			continue
		}
		moved, rest, err := t.advance()
		if rest != "" {
			s.in.Received(1)
			s.in.Refuse(door.Malformed, wiki.Name, errors.New("a log has been rotated away that ends in the middle of a line"))
		}
		if !moved {
			return err
		}
	}
	return nil
}

// take stores the events of lines.
func (s *Source) take(ctx context.Context, wiki *Wiki, t *tail, lines []string) {
	var batch []door.Input
	for _, text := range lines {
		s.in.Received(1)
		line, err := parseWhole(text)
		if err != nil {
			s.in.Refuse(door.Malformed, wiki.Name, err)
			continue
		}
		if t.place.Later && line.Time.UnixMicro() <= t.place.Since {
			continue // it was there before the bus was
		}
		event, err := s.in.Event(wiki.Account, "", line.Fields(wiki.Name, userName(wiki.Data, line.UserID), s.in.MaxBody))
		if err != nil {
			s.in.Refuse(door.ReasonFor(err), wiki.Name, err)
			continue
		}
		batch = append(batch, door.Input{Sender: wiki.Name, Events: []ircbus.Event{event}})
	}
	s.in.Keep(ctx, batch...)
}

// parseWhole reads a line that must have its line feed.
func parseWhole(text string) (Line, error) {
	if text[len(text)-1] != '\n' {
		return Line{}, fmt.Errorf("the line has more than %d bytes", chunk)
	}
	return ParseLine(text)
}

// save keeps the places if they are others than those kept.
func (s *Source) save() error {
	now := maps.Clone(s.places) // with those of wikis that are not read at present
	if now == nil {
		now = make(map[string]place)
	}
	for i, t := range s.tails {
		if t.known {
			now[s.cfg.Wikis[i].Name] = t.place
		}
	}
	if maps.Equal(now, s.places) {
		return nil
	}
	text, err := json.Marshal(now)
	if err == nil {
		err = s.cfg.Save(text)
	}
	if err == nil {
		s.places = now
	}
	return err
}
