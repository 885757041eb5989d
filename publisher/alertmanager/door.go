package alertmanager

import (
	"net/http"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

// New makes the door: a handler of POST. All alerts of a notification are stored
// or none is. Alertmanager tries again when it is answered with a 5xx, which the
// API does when the log cannot be written; the keys make a repetition harmless.
func New(in *door.Inlet) *door.Webhook {
	return &door.Webhook{In: in, Parse: func(_ *http.Request, body []byte) ([]ircbus.Fields, error) {
		return Parse(body, in.MaxBody)
	}}
}
