package ntfy

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/ircbus/ircbus"
)

// Error is an answer in ntfy's form, with ntfy's code where it has one.
type Error struct {
	Code    int    `json:"code,omitempty"`
	HTTP    int    `json:"http"`
	Message string `json:"error"`
}

func (e *Error) Error() string { return e.Message }

var (
	errEmail      = &Error{40001, http.StatusBadRequest, "e-mail notifications are not enabled"}
	errDelay      = &Error{40004, http.StatusBadRequest, "invalid delay parameter: the bus delivers at once, it has no delayed messages"}
	errPriority   = &Error{40007, http.StatusBadRequest, "invalid priority parameter"}
	errTopic      = &Error{40009, http.StatusBadRequest, "invalid request: topic invalid"}
	errNotUTF8    = &Error{40011, http.StatusBadRequest, "invalid message: message must be UTF-8 encoded"}
	errAttachment = &Error{40014, http.StatusBadRequest, "invalid request: attachments not allowed"}
	errJSON       = &Error{40017, http.StatusBadRequest, "invalid request: request body must be message JSON"}
	errCall       = &Error{40032, http.StatusBadRequest, "invalid request: calling is disabled"}
	errTemplate   = &Error{0, http.StatusBadRequest, "invalid request: there are no templates here; the bus has a door for JSON that does that"}
	errNotFound   = &Error{40401, http.StatusNotFound, "page not found"}
)

type attachment struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// Answer is what ntfy answers to a message that has been published.
func (m *Message) Answer(receipt ircbus.Receipt) []byte {
	answer := struct {
		ID          string          `json:"id"`
		Time        int64           `json:"time"`
		Event       string          `json:"event"`
		Topic       string          `json:"topic"`
		Sequence    string          `json:"sequence_id,omitempty"`
		Title       string          `json:"title,omitempty"`
		Message     string          `json:"message"`
		Priority    int             `json:"priority,omitempty"`
		Tags        []string        `json:"tags,omitempty"`
		Click       string          `json:"click,omitempty"`
		Icon        string          `json:"icon,omitempty"`
		Actions     json.RawMessage `json:"actions,omitempty"`
		Attachment  *attachment     `json:"attachment,omitempty"`
		ContentType string          `json:"content_type,omitempty"`
	}{
		ID: strconv.FormatUint(uint64(receipt.ID), 10), Time: receipt.At.Unix(), Event: "message", Topic: m.Topic, Sequence: m.Sequence,
		Title: m.Title, Message: m.Text, Priority: m.Priority, Tags: m.Tags, Click: m.Click, Icon: m.Icon,
	}
	if json.Valid([]byte(m.Actions)) {
		answer.Actions = json.RawMessage(m.Actions)
	}
	if m.Attach != "" {
		answer.Attachment = &attachment{m.Filename, m.Attach}
	}
	if m.Markdown {
		answer.ContentType = "text/markdown"
	}
	return marshal(answer)
}

// marshal writes a value that JSON has a form for, and the end of a line.
func marshal(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic("ntfy: an answer cannot be written: " + err.Error())
	}
	return append(text, '\n')
}
