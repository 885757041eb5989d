package api

import (
	"errors"
	"fmt"
	"math"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// serveEvent is GET /events/{id}: the event object, 404 for an id that was never
// given out, 410 for an event that retention has removed or that was redacted.
func (h *Handler) serveEvent(w http.ResponseWriter, r *http.Request) error {
	id, err := h.eventID(r)
	if err != nil {
		return err
	}
	event, err := h.Index.Event(r.Context(), id)
	if err != nil {
		return h.notThere(r, id, err)
	}
	event = newFiller(h.Wikis()).fill(&event)
	content := append(event.AppendJSON(nil), '\n')
	tag := tagOf(content)
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return h.writeWhole(w, r, "application/json", content)
}

// eventID is the id in the request's path.
func (h *Handler) eventID(r *http.Request) (ircbus.ID, error) {
	name := chi.URLParam(r, "id")
	cursor, err := ircbus.ParseCursor(name)
	switch {
	case err != nil || cursor.ID == 0 || cursor.ID > math.MaxInt64:
		return 0, notFound("%q is not an event id: use a whole number like 123", clip(name))
	case cursor.Foreign(h.Index.Epoch()):
		return 0, notFound("the event %s is of another log: this one is %s", clip(name), h.Index.Epoch())
	}
	return cursor.ID, nil
}

// notThere says, of an error that may be history.ErrNotFound, where the event
// has gone.
func (h *Handler) notThere(r *http.Request, id ircbus.ID, err error) error {
	if redacted, ok := errors.AsType[*history.Redacted](err); ok {
		return &Problem{Status: http.StatusGone, Tombstone: redacted.Tombstone, Detail: err.Error()}
	}
	if !errors.Is(err, history.ErrNotFound) {
		return err
	}
	bounds, err := h.Index.Bounds(r.Context())
	if err != nil {
		return err
	}
	if id <= bounds.Removed {
		return &Problem{Status: http.StatusGone, Detail: fmt.Sprintf("the event %d has been removed; the oldest that is kept is %d", id, bounds.Oldest)}
	}
	return notFound("there is no event %d; the last is %d", id, bounds.Head)
}
