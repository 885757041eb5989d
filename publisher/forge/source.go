package forge

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/content"
	"github.com/ircbus/ircbus/publisher/door"
)

// Door serves webhooks over HTTP.
type Door struct {
	in           *door.Inlet
	secrets      *door.Secrets
	confidential bool
}

// New makes the door. secrets has the secret of each publisher's webhooks under
// the publisher's name. With confidential, issues and notes come through that GitLab
// calls so; else such a delivery is answered and makes no event.
func New(in *door.Inlet, secrets *door.Secrets, confidential bool) *Door {
	return &Door{in, secrets, confidential}
}

// MaxBody is how large, in bytes, a delivery may be. A push of 2,048 commits, the
// most that GitHub tells of, has about half of it.
const MaxBody = 4 << 20

// errForbidden is told in every case, so that nobody learns which publishers
// there are.
var errForbidden = &door.HTTPError{Status: http.StatusForbidden, Detail: "the publisher or the secret is wrong, or the delivery is not signed: give the webhook the secret that the bus has for this address"}

// Serve answers a delivery to the publisher that the path names: 201 when its
// events are on the disk, also if they were there before. Any other answer means
// that nothing was stored.
func (d *Door) Serve(w http.ResponseWriter, r *http.Request) error {
	d.in.Received(1)
	name := r.PathValue("publisher")
	body, err := d.body(r, name)
	if err != nil {
		return err
	}
	events, err := d.events(r, name, body)
	if err != nil {
		return err
	}
	var receipts []ircbus.Receipt
	if len(events) > 0 {
		if receipts, err = d.in.Store(r.Context(), door.Input{Sender: name, Events: events}); err != nil {
			return err
		}
	}
	return answer(w, events, receipts)
}

// body reads a delivery that is proven to be the publisher's. The error is the
// answer, and has been counted.
func (d *Door) body(r *http.Request, name string) ([]byte, error) {
	secret, known, err := d.secrets.Secret(name)
	if err != nil {
		d.in.Trouble("the secrets cannot be read", err)
		return nil, &door.HTTPError{Status: http.StatusServiceUnavailable, Detail: "the secrets of webhooks cannot be read at present", RetryAfter: 60}
	}
	from := door.CountedOf(r)
	if token := r.Header.Get("X-Gitlab-Token"); token != "" { // before anything is read
		right := known && subtle.ConstantTimeCompare([]byte(token), []byte(secret)) == 1
		if ok, err := d.secrets.AdmitToken(r.Context(), name, token, from, right); !ok {
			return nil, d.forbid(r, err)
		}
		door.Proven(r)
		return d.read(r)
	}
	var body []byte
	if known { // or else a stranger does not get to send much
		if body, err = d.read(r); err != nil {
			return nil, err
		}
	}
	right := known && signed(secret, r.Header, body)
	if !right {
		body = nil // which would stay in memory while the answer waits
	}
	if ok, err := d.secrets.Admit(r.Context(), from, right); !ok {
		return nil, d.forbid(r, err)
	}
	door.Proven(r)
	return body, nil
}

func (d *Door) read(r *http.Request) ([]byte, error) {
	body, err := door.ReadBody(r)
	if err != nil {
		d.in.Refuse(door.Malformed, r.RemoteAddr, err)
	}
	return body, err
}

// forbid counts and returns the answer to a delivery that proves nothing; err is why
// its proof was not taken, if it was not looked at.
func (d *Door) forbid(r *http.Request, err error) error {
	if err != nil {
		d.in.Refuse(door.Rate, r.RemoteAddr, err)
		return err
	}
	d.in.Refuse(door.Sender, r.RemoteAddr, errForbidden)
	return errForbidden
}

// signed reports whether the delivery has a signature of its body that is made with
// the secret. X-Hub-Signature is Bitbucket's, with SHA-256; GitHub's of this name,
// with SHA-1, never equals it.
func signed(secret string, h http.Header, body []byte) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	want := mac.Sum(nil)
	for _, header := range [...]string{"X-Hub-Signature-256", "X-Forgejo-Signature", "X-Gitea-Signature", "X-Gogs-Signature", "X-Hub-Signature"} {
		got, err := hex.DecodeString(strings.TrimPrefix(h.Get(header), "sha256="))
		if err == nil && hmac.Equal(got, want) {
			return true
		}
	}
	return false
}

// events are those of a delivery that is proven to be the publisher's. What they
// cannot be has been counted.
func (d *Door) events(r *http.Request, name string, body []byte) ([]ircbus.Event, error) {
	text, err := door.Text(r, body) // the signature is over the body as it was sent
	if err != nil {
		d.in.Refuse(door.Malformed, name, err)
		return nil, err
	}
	delivery := Delivery{Body: text, UUID: r.Header.Get("X-Gitlab-Event-UUID"), Confidential: d.confidential}
	delivery.Event, delivery.ID = kind(r.Header)
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(text))
		if err != nil || !form.Has("payload") {
			err := ircbus.Refuse(ircbus.InvalidEvent, "the form has no field \"payload\"")
			d.in.Refuse(door.Malformed, name, err)
			return nil, err
		}
		if delivery.Body, err = content.Text("", []byte(form.Get("payload"))); err != nil {
			return nil, err
		}
	}
	made, err := Parse(delivery)
	if err != nil {
		d.in.Refuse(door.Malformed, name, err)
		return nil, err
	}
	account, _, err := d.in.Ensure(r.Context(), ircbus.Wiki{Publisher: name})
	if err != nil {
		d.in.Refuse(door.Target, name, err)
		return nil, err
	}
	events := make([]ircbus.Event, len(made))
	for i, e := range made {
		if events[i], err = d.in.Event(account, r.URL.Query().Get("channel"), e.Fit(d.in.MaxBody)); err != nil {
			d.in.Refuse(door.Refused, name, err)
			return nil, err
		}
	}
	return events, nil
}

// answer says where the events are, as POST /events does.
func answer(w http.ResponseWriter, events []ircbus.Event, receipts []ircbus.Receipt) error {
	type stored struct {
		ID        ircbus.ID `json:"id"`
		Key       string    `json:"key"`
		Duplicate bool      `json:"duplicate"`
	}
	all := make([]stored, len(receipts))
	for i, receipt := range receipts {
		all[i] = stored{receipt.ID, events[i].Fields.Get("key"), receipt.Duplicate}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	return json.NewEncoder(w).Encode(map[string]any{"events": all})
}
