package incoming

import (
	"io"
	"net/http"

	"github.com/ircbus/ircbus/publisher/door"
)

// Door is a handler of POST.
type Door struct{ in *door.Inlet }

// New makes the door.
func New(in *door.Inlet) *Door { return &Door{in} }

// Serve answers a request as the chat servers do: Slack and Mattermost say "ok",
// Discord nothing. An error is the answer, for Fail to write.
func (d *Door) Serve(w http.ResponseWriter, r *http.Request) error {
	p, err := d.in.Open(r)
	if err != nil {
		return err
	}
	body, err := p.Text()
	if err != nil {
		return err
	}
	fields, discord, err := Parse(body, d.in.MaxBody)
	if err != nil {
		return p.Refuse(door.Malformed, err)
	}
	if _, err := p.Store(p.Channel(), fields); err != nil {
		return err
	}
	if discord {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	writeText(w, http.StatusOK, "ok")
	return nil
}

// Fail writes an error as a line of text, as Slack does.
func Fail(w http.ResponseWriter, status int, detail string) { writeText(w, status, detail) }

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, text) // stored all the same if the sender has gone
}
