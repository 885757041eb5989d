package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/ircbus/ircbus"
)

// reporter prints what became of each event: ids to standard output, what
// went wrong to standard error, and there, on a terminal, the progress. A door
// calls it from one goroutine at a time.
type reporter struct {
	json     bool
	out      *bufio.Writer
	outErr   error
	stderr   io.Writer
	single   bool // one event, from the arguments
	progress bool
	began    time.Time
	shown    time.Time // when the progress was last shown

	published, spooled, failed int
	firstErr                   error
}

func newReporter(g *globals, single bool) *reporter {
	return &reporter{
		json: g.JSON, out: bufio.NewWriter(g.stdout), stderr: g.stderr,
		single: single, progress: !single && isTerminal(g.stderr), began: time.Now(),
	}
}

func (r *reporter) report(in input, o outcome) {
	switch {
	case o.err != nil:
		r.failed++
		if r.firstErr == nil {
			r.firstErr = o.err
		}
		if !r.single {
			r.clearProgress()
			fmt.Fprintf(r.stderr, "ircbus: line %d: %v\n", in.line, o.err)
		}
		return
	case o.id == 0:
		r.spooled++
	default:
		r.published++
	}
	r.print(o)
	r.showProgress()
}

// print writes an id, or the object for --json; an event in the spool has no
// id yet and so only an object.
func (r *reporter) print(o outcome) {
	var line []byte
	switch {
	case r.json:
		line, _ = json.Marshal(struct { // strings and numbers only: it cannot fail
			ID        ircbus.ID `json:"id,omitzero"`
			Key       string    `json:"key"`
			Duplicate *bool     `json:"duplicate,omitempty"`
			Spooled   bool      `json:"spooled,omitzero"`
		}{o.id, o.key, o.duplicate, o.id == 0})
	case o.id != 0:
		line = strconv.AppendUint(nil, uint64(o.id), 10)
	default:
		return
	}
	r.out.Write(append(line, '\n'))
	if err := r.out.Flush(); err != nil && r.outErr == nil {
		r.outErr = fmt.Errorf("the ids cannot be printed: %w", err)
	}
}

func (r *reporter) clearProgress() {
	if r.progress && !r.shown.IsZero() {
		fmt.Fprint(r.stderr, "\r\x1b[K")
	}
}

func (r *reporter) showProgress() {
	if now := time.Now(); r.progress && now.Sub(r.shown) > 200*time.Millisecond {
		r.shown = now
		done := r.published + r.spooled
		rate := float64(done) / max(now.Sub(r.began).Seconds(), 0.001)
		fmt.Fprintf(r.stderr, "\r\x1b[K%d events, %.0f a second", done, rate)
	}
}

// finish makes the command's result out of the counts and of the error that
// ended it, if one did.
func (r *reporter) finish(ctx context.Context, err error) error {
	r.clearProgress()
	if r.progress {
		seconds := max(time.Since(r.began).Seconds(), 0.001)
		fmt.Fprintf(r.stderr, "%d events published in %.1f s, %d in the spool, %d failed\n", r.published, seconds, r.spooled, r.failed)
	}
	switch {
	case r.outErr != nil:
		return r.outErr
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted after %d events", r.published+r.spooled)
	case r.single && r.firstErr != nil:
		return r.firstErr
	case err != nil && !r.single:
		return fmt.Errorf("gave up after %d events: %w", r.published+r.spooled, err)
	case err != nil:
		return err
	case r.failed > 0:
		return fmt.Errorf("%d of %d events were not published: see above", r.failed, r.failed+r.published+r.spooled)
	}
	return nil
}
