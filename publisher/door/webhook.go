package door

import (
	"encoding/json"
	"net/http"

	"github.com/ircbus/ircbus"
)

// Post is a request that publishes through a door over HTTP. Its sender logs in as
// the account that publishes: with Authorization, as for POST /events, or with a
// token of the account as the path value "token", for programs that can be given
// an address and nothing else.
type Post struct {
	In      *Inlet
	Request *http.Request
	Account string // whose login it is
	Sender  string // address, for the report
}

// Open counts the request and logs its sender in. The error is the answer; it has
// been counted.
func (in *Inlet) Open(r *http.Request) (*Post, error) {
	in.Received(1)
	p := &Post{In: in, Request: r}
	if from := ircbus.OriginOf(r.RemoteAddr); from.Counted.IsValid() {
		p.Sender = from.Counted.String()
	}
	login := r
	if token := r.PathValue("token"); token != "" && r.Header.Get("Authorization") == "" {
		login = r.Clone(r.Context())
		login.Header.Set("Authorization", "Bearer "+token)
	}
	var err error
	if p.Account, err = in.Account(login); err != nil {
		return nil, p.Refuse(Sender, err)
	}
	return p, nil
}

// Refuse counts why the request is not taken, and returns err, unless the sender
// has gone.
func (p *Post) Refuse(reason Reason, err error) error {
	if p.Request.Context().Err() == nil {
		p.In.Refuse(reason, p.Sender, err)
	}
	return err
}

// Body reads the request's body and undoes its Content-Encoding. The error is the
// answer; it has been counted.
func (p *Post) Body() ([]byte, error) {
	body, err := ReadBody(p.Request)
	if err == nil {
		body, err = Inflate(p.Request, body)
	}
	if err != nil {
		return nil, p.Refuse(Malformed, err)
	}
	return body, nil
}

// Text reads the request's body as UTF-8. The error is the answer; it has been
// counted.
func (p *Post) Text() ([]byte, error) {
	body, err := ReadText(p.Request)
	if err != nil {
		return nil, p.Refuse(Malformed, err)
	}
	return body, nil
}

// Channel is the one that the sender asks for; "" is the account's first.
func (p *Post) Channel() string { return p.Request.URL.Query().Get("channel") }

// Store stores the events in one of the account's channels, all or nothing. The
// error is the answer; it has been counted.
func (p *Post) Store(channel string, batch ...ircbus.Fields) ([]ircbus.Receipt, error) {
	events := make([]ircbus.Event, len(batch))
	for i, fields := range batch {
		event, err := p.In.Event(p.Account, channel, fields)
		if err != nil {
			return nil, p.Refuse(ReasonFor(err), err)
		}
		events[i] = event
	}
	return p.In.Store(p.Request.Context(), Input{Sender: p.Sender, Events: events})
}

// Webhook is what most doors over HTTP do: log in, read the body, make events of
// it, store them, answer.
type Webhook struct {
	In *Inlet
	// Parse makes events of a body, which is UTF-8 unless Binary is set. The error
	// is the answer.
	Parse func(r *http.Request, body []byte) ([]ircbus.Fields, error)
	// Binary leaves the charset of the body to Parse.
	Binary bool
	// Receipts answers with 201 and what became of each event, as POST /events does;
	// else the answer is 204.
	Receipts bool
}

type receipt struct {
	ID        ircbus.ID `json:"id"`
	At        string    `json:"at"`
	Duplicate bool      `json:"duplicate"`
}

// Serve answers a request. An error is the answer, if it is not written yet.
func (h *Webhook) Serve(w http.ResponseWriter, r *http.Request) error {
	p, err := h.In.Open(r)
	if err != nil {
		return err
	}
	read := p.Text
	if h.Binary {
		read = p.Body
	}
	body, err := read()
	if err != nil {
		return err
	}
	batch, err := h.Parse(r, body)
	if err != nil {
		return p.Refuse(Malformed, err)
	}
	receipts, err := p.Store(p.Channel(), batch...)
	if err != nil {
		return err
	}
	if !h.Receipts {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	var answer struct {
		Events []receipt `json:"events"`
	}
	for _, r := range receipts {
		answer.Events = append(answer.Events, receipt{r.ID, ircbus.FormatTime(r.At), r.Duplicate})
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(answer) // stored all the same if the sender has gone
	return nil
}
