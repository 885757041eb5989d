package jsonhook

import (
	"net/http"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

// Door makes the door: a handler of POST.
func (m *Mapping) Door(in *door.Inlet) *door.Webhook {
	return &door.Webhook{In: in, Receipts: true, Parse: func(_ *http.Request, body []byte) ([]ircbus.Fields, error) {
		return m.Parse(body, in.MaxBody)
	}}
}
