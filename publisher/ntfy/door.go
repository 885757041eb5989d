package ntfy

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

// Door is a handler of what is published. The path values "topic" and "verb" are
// the parts of the path.
type Door struct {
	in     *door.Inlet
	topics map[string]string // channel by topic
}

// New makes the door. topics says in which channel a topic is; any other topic is
// in the channel of its own name. Both must be a channel of who publishes.
func New(in *door.Inlet, topics map[string]string) *Door { return &Door{in, topics} }

// Serve answers a request as ntfy does. An error is the answer, for Fail to write.
func (d *Door) Serve(w http.ResponseWriter, r *http.Request) error {
	p, err := d.in.Open(authorize(r))
	if err != nil {
		return err
	}
	body, err := p.Text()
	if err != nil {
		return err
	}
	path := "/" + r.PathValue("topic")
	if verb := r.PathValue("verb"); verb != "" {
		path += "/" + verb
	}
	m, err := Parse(r.Method, path, r.URL.Query(), r.Header, body)
	if known, ok := errors.AsType[*Error](err); ok {
		p.Refuse(door.Malformed, ircbus.Refuse(ircbus.InvalidEvent, "%s", known.Message))
		write(w, known.HTTP, marshal(known))
		return nil
	}
	receipts, err := p.Store(d.channel(m.Topic), m.Fields(d.in.MaxBody))
	if err != nil {
		return err
	}
	write(w, http.StatusOK, m.Answer(receipts[0]))
	return nil
}

func (d *Door) channel(topic string) string {
	if channel, ok := d.topics[topic]; ok {
		return channel
	}
	return "#" + topic
}

// authorize moves the ways to log in that only ntfy has into the header: a
// parameter auth with the header's value in base64, and a token as the password
// of nobody.
func authorize(r *http.Request) *http.Request {
	value := r.Header.Get("Authorization")
	for _, name := range []string{"authorization", "auth"} {
		if encoded := r.URL.Query().Get(name); value == "" && encoded != "" {
			decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(encoded, "="))
			if err == nil {
				value = string(decoded)
			}
		}
	}
	login := r.Clone(r.Context())
	login.Header.Set("Authorization", value)
	if user, token, ok := login.BasicAuth(); ok && user == "" {
		login.Header.Set("Authorization", "Bearer "+token)
	}
	return login
}

// codes are ntfy's for what the API answers.
var codes = map[int]int{
	http.StatusUnauthorized: 40101, http.StatusForbidden: 40301, http.StatusRequestEntityTooLarge: 41303,
	http.StatusTooManyRequests: 42901, http.StatusInternalServerError: 50001,
}

// Fail writes an error in ntfy's form.
func Fail(w http.ResponseWriter, status int, detail string) {
	write(w, status, marshal(&Error{Code: codes[status], HTTP: status, Message: detail}))
}

func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body) // stored all the same if the sender has gone
}
