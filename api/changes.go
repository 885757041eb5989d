package api

import (
	"net/http"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// serveChanges is GET /changes (docs/protocol.md, "Getting old events").
func (h *Handler) serveChanges(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	values, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	q, err := parseRange(values, r.Header.Get("Accept"), time.Now(), h.resolver(ctx))
	if err != nil {
		return err
	}
	base := h.base(r)
	p := page{h: h, q: q, from: counted(r), fill: newFiller(h.Wikis()), env: envelope{base: base, self: base + r.URL.RequestURI(), title: h.Name}}
	p.enc = q.format.encoder(&p.env)
	w.Header().Set("Vary", "Accept, Accept-Encoding, Authorization")
	if err := p.pin(ctx); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	if tag := p.etag(ctx); tag != "" {
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "no-cache") // retention may still remove events
		if matches(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.warn(ctx, w.Header(), q.Views, p.from)
	if err := p.open(ctx); err != nil {
		return err
	}
	if p.mayWait(ctx) {
		if err := p.waitAndOpen(w, r); err != nil {
			return err
		}
	}
	return p.write(w, r)
}

// gap reports whether events that the caller asked for are gone.
func (p *page) gap(b history.Bounds) bool {
	return p.q.foreign || missing(b, p.q.After, p.q.after, p.q.From)
}

// missing says whether retention has removed events after the cursor, or since
// the time, that somebody asked for; asking for neither asks for what there is.
// A cursor beyond the head is of another database: nobody knows what it missed.
func missing(b history.Bounds, after ircbus.ID, hasAfter bool, from time.Time) bool {
	switch {
	case !hasAfter && from.IsZero(), b.Removed == 0 && after <= b.Head:
		return false
	case after > b.Head:
		return true
	}
	return b.Removed > after && (from.IsZero() || !b.RemovedAt.Before(from))
}
