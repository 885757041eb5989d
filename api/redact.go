package api

import (
	"net/http"
	"strings"

	"github.com/ircbus/ircbus"
)

// redacted is the answer to DELETE /events/{id}.
type redacted struct {
	Epoch     string       `json:"epoch"`
	Tombstone ircbus.Event `json:"tombstone"`
}

// serveRedact is DELETE /events/{id} (docs/protocol.md, "Redaction"): it removes
// an event, or those of its fields that ?field= names, and answers with the
// tombstone when all of that is on disk.
func (h *Handler) serveRedact(w http.ResponseWriter, r *http.Request) error {
	account, scope, err := h.login(r, ircbus.ScopePublish)
	if err != nil {
		return err
	}
	id, err := h.eventID(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	if len(query["reason"]) > 1 {
		return badParameter("reason", "it was given %d times", len(query["reason"]))
	}
	redaction := ircbus.Redaction{
		Target: id, Names: fieldNames(query["field"]), By: account, Reason: query.Get("reason"),
		Operator: scope == ircbus.ScopeAll && h.Operator != nil && h.Operator(account),
	}
	tombstone, err := h.Log.Redact(r.Context(), redaction)
	if err != nil {
		return h.notThere(r, id, err)
	}
	// From here on nothing may fail: the event is removed.
	w.Header().Set("Cache-Control", "no-store")
	return h.writeWhole(w, r, "application/json", append(mustJSON(redacted{h.Index.Epoch(), tombstone}), '\n'))
}

// fieldNames reads ?field=, once for each name or with commas between them.
func fieldNames(values []string) (names []string) {
	for _, value := range values {
		names = append(names, strings.Split(value, ",")...)
	}
	return names
}
