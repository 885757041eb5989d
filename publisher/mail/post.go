package mail

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

// Post takes a mail, or its header, as the body of a POST whose login says whose
// it is: a person is told, a publisher publishes it, in the channel of the
// parameter "channel" if there is one. The error is the answer.
func (s *Source) Post(w http.ResponseWriter, r *http.Request) error {
	s.in.Received(1)
	sender := r.RemoteAddr
	account, err := s.in.Account(r)
	if err != nil {
		s.in.Refuse(door.Sender, sender, err)
		return err
	}
	to := Account{Name: account}
	if _, err := s.in.Person(account); err != nil {
		if to.Channel, err = s.in.Feed(account, r.URL.Query().Get("channel")); err != nil {
			s.in.Refuse(door.Target, account, err)
			return err
		}
	}
	letter, err := s.read(r)
	if err != nil {
		s.in.Refuse(door.Malformed, account, err)
		return err
	}
	io.Copy(io.Discard, r.Body) // what it is about has been read
	receipts, err := s.deliver(r.Context(), letter, recipient{"", to}, account)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	return json.NewEncoder(w).Encode(answered(to, receipts))
}

// read reads a mail as far as it is needed, or, if it has a Content-Encoding, whole.
func (s *Source) read(r *http.Request) (*Letter, error) {
	if r.Header.Get("Content-Encoding") == "" {
		return Parse(r.Body, s.cfg.Options)
	}
	body, err := door.ReadBody(r)
	if err == nil {
		body, err = door.Inflate(r, body)
	}
	if err != nil {
		return nil, err
	}
	return Parse(bytes.NewReader(body), s.cfg.Options)
}

// posted is the answer to a POST.
type posted struct {
	Told   string  `json:"told,omitempty"` // the person
	Events []event `json:"events,omitempty"`
}

type event struct {
	ID        ircbus.ID `json:"id"`
	Duplicate bool      `json:"duplicate"`
}

func answered(to Account, receipts []ircbus.Receipt) posted {
	var p posted
	for _, r := range receipts {
		p.Events = append(p.Events, event{r.ID, r.Duplicate})
	}
	if to.Channel == "" {
		p.Told = to.Name
	}
	return p
}
