package cloudevents

import (
	"net/http"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

// Door is a handler of POST, and of OPTIONS, by which a sender asks whether it may
// send (CloudEvents HTTP webhook specification, 4).
type Door struct{ webhook door.Webhook }

// New makes the door.
func New(in *door.Inlet) *Door {
	return &Door{door.Webhook{In: in, Binary: true, Parse: func(r *http.Request, body []byte) ([]ircbus.Fields, error) {
		return Parse(r.Header, body, in.MaxBody)
	}}}
}

// Serve answers a request. An error is the answer. Stored events are answered with
// 204: some senders take a body for an event in reply.
func (d *Door) Serve(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodOptions {
		return d.webhook.Serve(w, r)
	}
	if _, err := d.webhook.In.Open(r); err != nil {
		return err
	}
	if origin := r.Header.Get("WebHook-Request-Origin"); origin != "" {
		w.Header().Set("WebHook-Allowed-Origin", origin)
		w.Header().Set("WebHook-Allowed-Rate", "*")
	}
	w.Header().Set("Allow", "POST, OPTIONS")
	w.WriteHeader(http.StatusNoContent)
	return nil
}
