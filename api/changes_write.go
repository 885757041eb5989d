package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// write answers. The bounds are asked for again after what was read: retention
// may have removed events in between, and a hole must not be silent.
func (p *page) write(w http.ResponseWriter, r *http.Request) error {
	now, err := p.h.Index.Bounds(r.Context(), channels(p.q.Views)...)
	if err != nil {
		return err
	}
	env := &p.env
	env.Head, env.Oldest, env.Gap = p.pinned.Head, now.Oldest, p.gap(now)
	if p.next {
		env.Next = env.base + "/changes?" + p.q.next(p.final)
	}
	setEnvelope(w.Header(), env)
	first := append(p.enc.begin(nil, env), p.rows...)
	if !p.more {
		return p.h.writeWhole(w, r, p.q.format.mime, p.enc.end(first))
	}
	w.Header().Set("Content-Type", p.q.format.mime)
	if r.Method == http.MethodHead {
		return nil
	}
	if err := visitorOf(r).keeps(2*chunkSize + compressSize); err != nil {
		return err
	}
	p.stream(w, r, first, now)
	return nil
}

// stream writes an answer of several chunks. Its header is out when something
// goes wrong, so it breaks the connection then: the reader sees that the answer
// is not whole.
func (p *page) stream(w http.ResponseWriter, r *http.Request, first []byte, told history.Bounds) {
	b := p.h.newBody(w, r, len(first))
	_, err := b.Write(first)
	if err == nil {
		err = p.writeOn(r.Context(), b, &told)
	}
	if err == nil {
		err = b.Close()
	}
	if err != nil {
		p.h.Logger.Debug("answer broken off", "path", r.URL.Path, "err", err)
		panic(http.ErrAbortHandler)
	}
}

// writeOn writes what follows the first chunk.
func (p *page) writeOn(ctx context.Context, b *body, told *history.Bounds) error {
	last := p.last // written
	p.rows = p.rows[:0]
	turn, err := p.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer func() { turn() }()
	p.flush = func() error {
		if err := p.check(ctx, last, told); err != nil {
			return err
		}
		turn() // which others may have while a slow reader takes this
		turn = func() {}
		_, err := b.Write(p.rows)
		last, p.rows = p.last, p.rows[:0]
		if err == nil {
			turn, err = p.takeTurn(ctx)
		}
		return err
	}
	err = p.read(ctx)
	if err == nil {
		p.rows = p.enc.end(p.rows)
		err = p.flush()
	}
	return err
}

// takeTurn waits until a page that searches may go on; done must be called.
func (p *page) takeTurn(ctx context.Context) (done func(), err error) {
	if !filtered(p.q.Views) {
		return func() {}, nil
	}
	done, err = p.h.searches.Take(ctx, p.from)
	if err != nil {
		return func() {}, err
	}
	return done, nil
}

// check is for a page that has begun with what it says of removals: it fails if
// a later one may have taken events that should have followed the last one.
func (p *page) check(ctx context.Context, last ircbus.ID, told *history.Bounds) error {
	now, err := p.h.Index.Bounds(ctx, channels(p.q.Views)...)
	if err != nil {
		return err
	}
	lost := now.Removed > told.Removed && now.Removed > last
	if p.q.Desc {
		lost = p.gap(now) != p.gap(*told)
	}
	if lost && !p.env.Gap {
		return errors.New("retention removed events while they were being sent")
	}
	*told = now
	return nil
}

// setEnvelope gives the envelope in headers too, for the formats without one.
func setEnvelope(header http.Header, env *envelope) {
	header.Set("Ircbus-Epoch", env.Epoch)
	header.Set("Ircbus-Head", strconv.FormatUint(uint64(env.Head), 10))
	header.Set("Ircbus-Oldest", strconv.FormatUint(uint64(env.Oldest), 10))
	header.Set("Ircbus-Gap", strconv.FormatBool(env.Gap))
	if env.Next != "" {
		header.Set("Link", "<"+env.Next+`>; rel="next"`)
	}
}
