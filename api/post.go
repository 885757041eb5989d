package api

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/content"
)

// posted is the answer to POST /events.
type posted struct {
	Epoch  string          `json:"epoch"`
	Events []postedReceipt `json:"events"`
}

type postedReceipt struct {
	ID        ircbus.ID `json:"id"`
	At        string    `json:"at"`
	Key       string    `json:"key,omitempty"`
	Duplicate bool      `json:"duplicate"`
}

// serveEvents is POST /events (docs/protocol.md, "Publishing over HTTP"): it
// stores the whole batch or nothing, and answers when it is on disk.
func (h *Handler) serveEvents(w http.ResponseWriter, r *http.Request) error {
	answer, err := h.publish(w, r)
	if err != nil {
		h.countRefused(err)
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if len(answer.Events) == 1 {
		w.Header().Set("Location", fmt.Sprintf("%s/events/%d", h.base(r), answer.Events[0].ID))
	}
	w.WriteHeader(http.StatusCreated)
	w.Write(mustJSON(answer)) // stored all the same if the publisher has gone
	return nil
}

func (h *Handler) publish(w http.ResponseWriter, r *http.Request) (posted, error) {
	account, _, err := h.login(r, ircbus.ScopePublish)
	if err != nil {
		return posted{}, err
	}
	channel, err := h.mayPublish(account, r.URL.Query()["channel"])
	if err != nil {
		return posted{}, err
	}
	decode, err := decoderFor(r.Header)
	if err != nil {
		return posted{}, err
	}
	body, err := h.readBody(w, r)
	if err == nil {
		body, err = content.Inflate(r.Header.Values("Content-Encoding"), body, MaxPost)
	}
	if err != nil {
		return posted{}, err
	}
	if contentType := r.Header.Get("Content-Type"); ircbus.HasBOM(body) || content.HasCharset(contentType) { // else it is UTF-8
		if body, err = content.Text(contentType, body); err != nil {
			return posted{}, err
		}
	}
	batch, err := decode(body)
	if err != nil {
		return posted{}, err
	}
	events, err := h.accept(batch, account, channel)
	if err != nil {
		return posted{}, err
	}
	receipts, err := h.Log.Append(r.Context(), events)
	if err != nil {
		return posted{}, err
	}
	// From here on nothing may fail: the events are stored.
	answer := posted{Epoch: h.Index.Epoch(), Events: make([]postedReceipt, len(receipts))}
	for i, receipt := range receipts {
		answer.Events[i] = postedReceipt{receipt.ID, ircbus.FormatTime(receipt.At), events[i].Fields.Get("key"), receipt.Duplicate}
		if !receipt.Duplicate {
			h.published.Add(1)
		}
	}
	return answer, nil
}

// mayPublish returns the packed channel that the account publishes in: the one
// named, which must be one of its own, or its first.
func (h *Handler) mayPublish(account string, names []string) (channel string, err error) {
	var name string
	switch {
	case len(names) > 1:
		return "", badParameter("channel", "it was given %d times; an event goes to one channel", len(names))
	case len(names) == 1:
		view, err := parseView(names[0])
		if err != nil {
			return "", badParameter("channel", "%v", err)
		}
		if name = view.Channel; name != view.String() {
			return "", badParameter("channel", "events are published in a channel, not in a filtered view of it")
		}
	}
	for _, wiki := range h.Wikis() {
		if ircbus.Fold(wiki.Publisher) != ircbus.Fold(account) || len(wiki.Feeds) == 0 {
			continue
		}
		if name == "" {
			return wiki.Feeds[0].Channel, nil
		}
		if channel, ok := ownFeed(&wiki, name); ok {
			return channel, nil
		}
	}
	if name == "" {
		return "", ircbus.Refuse(ircbus.NotPublisher, "the account %q is not a publisher", account)
	}
	return "", ircbus.Refuse(ircbus.NotPublisher, "the account %q may not publish in %s", account, name)
}

// accept checks every event; an error names the first one that is wrong.
func (h *Handler) accept(batch []ircbus.Fields, account, channel string) ([]ircbus.Event, error) {
	events := make([]ircbus.Event, len(batch))
	for i, fields := range batch {
		accepted, err := ircbus.Accept(fields, h.MaxBody)
		if err != nil && len(batch) > 1 {
			err = inBatch(i, err)
		}
		if err != nil {
			return nil, err
		}
		events[i] = ircbus.Event{Channel: channel, Publisher: account, Fields: accepted}
	}
	return events, nil
}

// inBatch says which event of a batch, counted from 0, an error is about.
func inBatch(i int, err error) error {
	p := asProblem(err)
	if p == nil {
		return err
	}
	p.Index = &i
	p.Detail = fmt.Sprintf("event %d (counted from 0) is wrong and nothing was stored: %s", i, p.Detail)
	return p
}

func (h *Handler) countRefused(err error) {
	if p := asProblem(err); h.Refused != nil && p != nil && p.Code != "" {
		h.Refused(p.Code)
	}
}

// readBody reads the whole body, but no more than MaxPost bytes.
func (h *Handler) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxPost))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, ircbus.Refuse(ircbus.EventTooLarge, "the body has more than %d bytes; send the events in several requests", MaxPost)
	case asProblem(err) != nil:
		return nil, err
	case err != nil:
		return nil, &Problem{Status: http.StatusBadRequest, Detail: "the body could not be read to its end"}
	}
	return body, nil
}

// decoderFor chooses how the body is read, by its Content-Type.
func decoderFor(header http.Header) (func([]byte) ([]ircbus.Fields, error), error) {
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err == nil {
		switch mediaType {
		case "application/x-www-form-urlencoded":
			return decodeForm, nil
		case "application/json":
			return decodeJSON, nil
		case "application/x-ndjson", "application/ndjson", "application/jsonl":
			return decodeLines, nil
		}
	}
	return nil, &Problem{
		Status: http.StatusUnsupportedMediaType,
		Detail: "the Content-Type must be application/x-www-form-urlencoded, application/json or application/x-ndjson",
	}
}
