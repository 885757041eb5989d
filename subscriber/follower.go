package subscriber

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/ircbus/ircbus"
)

// lookAgain is how often, when nothing comes, the bus is asked over HTTP: the
// cursor then moves past events of other views, which retention may remove, and
// changed descriptions are noticed.
const lookAgain = 5 * time.Minute

// describeTimeout is how long an event of a new publisher waits for its
// description.
const describeTimeout = 5 * time.Second

// follower is one Follow. One goroutine owns it.
type follower struct {
	opts    Options
	asked   []ircbus.View
	handler Handler
	log     *slog.Logger
	bus     *bus
	file    *cursorFile // nil for none

	views     []ircbus.View // of packed channels, as last resolved
	about     *description  // as last fetched
	fetchedAt time.Time     // about's

	pos   position
	known bool      // pos is
	begun bool      // something has worked once
	told  ircbus.ID // the end of the last gap that the handler was told of
	noted string    // the last complaint
}

// run connects again and again.
func (f *follower) run(ctx context.Context) error {
	err := f.load(ctx)
	var pauses backoff
	for err == nil {
		var live bool
		live, err = f.session(ctx)
		if live {
			pauses.reset()
		}
		pause := pauses.pause()
		if err = f.overcome(ctx, err); err == nil {
			err = f.poll(ctx, pause)
		}
	}
	if final := (*finalError)(nil); errors.As(err, &final) {
		return final.err
	}
	return err
}

// session is one connection: join, catch up, go on live. live is true if it came
// to the last.
func (f *follower) session(ctx context.Context) (live bool, err error) {
	if err := f.describe(ctx); err != nil {
		return false, err
	}
	if err := f.start(ctx); err != nil {
		return false, err
	}
	addr, secure := f.about.ircAddress(&f.opts)
	if addr == "" {
		return false, errors.New("the bus offers no IRC: events come over HTTP, a little later")
	}
	l, err := connect(ctx, addr, secure, &f.opts)
	if err != nil {
		return false, err
	}
	defer l.end()
	if err := l.join(ctx, f.views); err != nil {
		return false, err
	}
	return f.stream(ctx, l)
}

// describe fetches the descriptions and finds the views in them.
func (f *follower) describe(ctx context.Context) error {
	about, err := f.bus.describe(ctx)
	if err != nil {
		return err
	}
	views, err := about.resolve(f.asked)
	if err != nil {
		if !f.begun {
			return &finalError{err}
		}
		return err
	}
	f.about, f.views, f.fetchedAt = about, views, time.Now()
	return nil
}

// look fetches the descriptions while a connection is open. It goes on as long as
// that one is the right one: HTTP may be away for a while.
func (f *follower) look(ctx context.Context, l *live) (again bool, err error) {
	switch err := f.describe(ctx); {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		f.complain(err)
		return false, nil
	case !l.joinedTo(f.views):
		return false, errors.New("the bus has renamed a channel: joining anew")
	}
	return true, nil
}

// stream hands over what was missed and then what comes, until the connection
// ends. Whenever live events had to be dropped, it goes back to HTTP.
func (f *follower) stream(ctx context.Context, l *live) (live bool, err error) {
	for {
		l.keep()
		for more := true; more; {
			if more, err = f.fetch(ctx, 0); err != nil {
				return live, err
			}
		}
		if !live {
			live = true
			f.connected(l)
		}
		if err := f.goLive(ctx, l); err != nil {
			return live, err
		}
	}
}

// goLive hands over live events. It returns nil when HTTP must be asked again.
func (f *follower) goLive(ctx context.Context, l *live) error {
	for {
		if l.idle() {
			if err := f.sync(); err != nil {
				return err
			}
		}
		patience, cancel := context.WithTimeout(ctx, lookAgain)
		events, err := l.take(patience)
		quiet := patience.Err() != nil && ctx.Err() == nil
		cancel()
		switch {
		case errors.Is(err, errLost):
			f.log.Debug("live events came faster than they were taken, going back to HTTP")
			return nil
		case err != nil && quiet:
			if again, err := f.look(ctx, l); again || err != nil {
				return err
			}
		case err != nil:
			return err
		}
		for i := range events {
			f.fill(ctx, &events[i])
			if err := f.deliver(ctx, &events[i]); err != nil {
				return err
			}
		}
	}
}

// deliver hands an event over, unless it has been before, and moves the cursor.
func (f *follower) deliver(ctx context.Context, e *ircbus.Event) error {
	if e.ID <= f.pos.ID {
		return nil
	}
	id := e.ID // e is the handler's then
	if err := f.handler.Event(ctx, e); err != nil {
		return &finalError{err}
	}
	if err := f.advance(id); err != nil {
		return err
	}
	return ctx.Err()
}

// tell reports a gap.
func (f *follower) tell(ctx context.Context, g Gap) error {
	if err := f.handler.Gap(ctx, g); err != nil {
		return &finalError{err}
	}
	return nil
}

// advance moves the cursor forward.
func (f *follower) advance(id ircbus.ID) error {
	if id <= f.pos.ID {
		return nil
	}
	f.pos.ID = id
	return f.save()
}

func (f *follower) save() error {
	if f.file == nil {
		return nil
	}
	if err := f.file.save(f.pos); err != nil {
		return &finalError{err}
	}
	return nil
}

func (f *follower) sync() error {
	if f.file == nil {
		return nil
	}
	if err := f.file.sync(); err != nil {
		return &finalError{err}
	}
	return nil
}

// fill makes a live event what HTTP gives: with the addresses made from the
// publisher's description, and the values of a repeated field together.
func (f *follower) fill(ctx context.Context, e *ircbus.Event) {
	wiki := f.about.wiki(e.Publisher)
	if wiki.Publisher == "" && time.Since(f.fetchedAt) > time.Minute {
		// A publisher that is newer than the description.
		f.fetchedAt = time.Now()
		ctx, cancel := context.WithTimeout(ctx, describeTimeout)
		defer cancel()
		if about, err := f.bus.describe(ctx); err == nil {
			f.about, wiki = about, about.wiki(e.Publisher)
		}
	}
	e.Fields = grouped(wiki.Fill(e.Fields))
}

// grouped puts repeated fields behind the first of their key, as JSON does.
func grouped(fields ircbus.Fields) ircbus.Fields {
	out := make(ircbus.Fields, 0, len(fields))
	for i, field := range fields {
		if fields[:i].Has(field.Key) {
			continue
		}
		for value := range fields[i:].Values(field.Key) {
			out = append(out, ircbus.Field{Key: field.Key, Value: value})
		}
	}
	return out
}
