package poll

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

const (
	firstPause = 5 * time.Second // at most, before the first poll, so that not all wikis are asked at once
	maxBackoff = time.Hour       // between two polls of a wiki that does not answer
	maxWait    = 24 * time.Hour  // for which a wiki may want to be left alone
	keepAtOnce = 500             // events that are stored together
	maxPages   = 100             // answers of one poll, far more than are asked for again; the next poll gets the rest
)

// Run asks until ctx ends, and returns nil then. It is called once.
func (s *Source) Run(ctx context.Context) error {
	defer s.client.close()
	storing, stop := door.Draining(ctx)
	defer stop()
	for wait := s.firstWait(time.Now()); ; {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
		err := s.poll(ctx, storing)
		if ctx.Err() != nil {
			s.save()
			return nil
		}
		wait = s.pause(err)
		s.place.Next = time.Now().Add(wait).Unix()
		s.save()
		if err != nil {
			s.in.Trouble("a wiki cannot be polled", fmt.Errorf("%s: %w; next try in %v", s.cfg.URL, err, wait.Round(time.Second)))
		}
	}
}

// firstWait is how long the wiki is left alone at the start: a bus that is
// restarted often does not ask more often.
func (s *Source) firstWait(now time.Time) time.Duration {
	wait := min(time.Unix(s.place.Next, 0).Sub(now), maxWait+s.cfg.Every)
	if s.place.Next == 0 || wait < 0 {
		return rand.N(min(firstPause, s.cfg.Every) + 1)
	}
	return wait
}

// pause is the time until the next poll: a little more than configured, and longer
// with each failure in a row. A wiki that says how long has the last word.
func (s *Source) pause(err error) time.Duration {
	every := s.cfg.Every
	if err == nil {
		s.failures = 0
		return every + rand.N(every/10+1)
	}
	s.failures++
	long := min(every<<min(s.failures, 10), max(maxBackoff, every))
	wait := max(long/2+rand.N(long/2+1), every)
	if busy, ok := errors.AsType[*busyError](err); ok {
		wait = max(wait, min(busy.wait, maxWait))
	}
	return wait
}

// poll asks the wiki for everything that is new. storing outlives ctx a little.
func (s *Source) poll(ctx, storing context.Context) error {
	since := s.format.since(&s.place, time.Now())
	more := ""
	for page := range maxPages {
		a, err := s.answer(ctx, since, more)
		if err != nil {
			return err
		}
		if a == nil {
			s.place.Polled = time.Now().Unix()
			return nil
		}
		if err := s.describe(ctx, a.wiki); err != nil {
			return err
		}
		for _, wrong := range a.refused {
			s.in.Refuse(door.Malformed, s.cfg.URL, wrong)
		}
		if !s.place.Known {
			s.place.begin(a.changes)
			break
		}
		if err := s.take(ctx, storing, a, page == 0, since.IsZero()); err != nil {
			return err
		}
		if since.IsZero() && len(a.changes) > 0 {
			s.place.keepOnly(a.changes)
		}
		if more = a.more; more == "" {
			break
		}
		s.failures = 0 // if the rest fails, something has come all the same
		s.save()
	}
	if !since.IsZero() {
		s.place.forget(since)
	}
	s.client.accept(&s.place)
	s.place.Polled = time.Now().Unix()
	return nil
}

// answer asks once; nil without an error means that there is nothing new.
func (s *Source) answer(ctx context.Context, since time.Time, more string) (*answer, error) {
	for {
		body, err := s.client.ask(ctx, s.format.question(&s.place, since, more))
		if body == nil || err != nil {
			return nil, err
		}
		a, err := s.format.read(body)
		if _, differently := errors.AsType[*again](err); differently {
			continue
		}
		if err != nil {
			if _, busy := errors.AsType[*busyError](err); busy {
				return nil, s.client.patient(err)
			}
			s.in.Received(1)
			s.in.Refuse(door.Malformed, s.cfg.URL, err)
			return nil, err
		}
		return a, nil
	}
}

// describe tells the bus what the wiki tells of itself, if that is news.
func (s *Source) describe(ctx context.Context, wiki *ircbus.Wiki) error {
	if wiki == nil {
		return nil
	}
	told, err := json.Marshal(wiki)
	if err != nil || string(told) == s.told {
		return err
	}
	if _, _, err := s.in.Ensure(ctx, *wiki); err != nil {
		return err
	}
	s.told = string(told)
	return nil
}

// take stores what is new in an answer, which is whole if it has all that the wiki
// tells. The error is that of ctx, or of a question
// about a gap.
func (s *Source) take(ctx, storing context.Context, a *answer, first, whole bool) error {
	room := 0
	if whole {
		room = max(len(s.place.Seen), minFull) - s.place.Late
	}
	fresh, known, left := s.place.sift(a.changes, max(room, 0))
	if whole && left > 0 {
		s.in.Drop(door.Gap, 1)
		s.in.Log.Warn("a feed has more and more that is older than what was there first: not all of it is published", "url", s.cfg.URL, "left", left)
	}
	if first && !known && len(a.changes) > 0 && len(s.place.Seen) > 0 {
		missing, err := s.format.gap(ctx, s.client.ask, &s.place, a)
		if err != nil {
			return err
		}
		if missing {
			s.in.Drop(door.Gap, 1)
			s.in.Log.Warn("changes of a wiki are missing: there were more since the last poll than it tells", "url", s.cfg.URL,
				"after", ircbus.FormatTime(time.Unix(s.place.Newest, 0)))
		}
	}
	s.in.Received(len(fresh))
	for len(fresh) > 0 {
		n := min(len(fresh), keepAtOnce)
		s.in.Keep(storing, s.inputs(fresh[:n])...)
		if err := storing.Err(); err != nil {
			return err // perhaps it is not stored
		}
		s.place.Late += s.place.late(fresh[:n])
		s.place.add(fresh[:n])
		fresh = fresh[n:]
	}
	return nil
}

// inputs makes events of changes; those that the bus does not take are counted.
func (s *Source) inputs(changes []change) (inputs []door.Input) {
	for _, c := range changes {
		event, err := s.in.Event(s.account, "", c.fields)
		if err != nil {
			s.in.Refuse(door.ReasonFor(err), s.cfg.URL, err)
			continue
		}
		inputs = append(inputs, door.Input{Sender: s.cfg.URL, Events: []ircbus.Event{event}})
	}
	return inputs
}

// save keeps the place.
func (s *Source) save() {
	text, err := json.Marshal(s.place)
	if err == nil {
		err = s.cfg.Save(text)
	}
	if err != nil {
		s.in.Trouble("the place in a wiki's changes cannot be kept", err)
	}
}
