package api

import (
	"cmp"
	"io"
	"net/http"

	"github.com/ircbus/ircbus"
)

// Door is a way in for programs that bring events in a form of their own.
type Door struct {
	Methods []string // GET, POST, PUT or OPTIONS
	Pattern string   // as chi has them: "/notification/send", "/doors/ntfy/{topic}"; Request.PathValue has the parts
	MaxPost int64    // bytes of one request that Serve gets to read; 0 means MaxDoorPost

	// Serve answers. An error becomes the answer, if nothing was written before: an
	// *ircbus.Refusal with its status, one with a method HTTPStatus() (status,
	// retryAfter int) with that. The body ends with an error after MaxPost
	// bytes, and when the sender stalls. RemoteAddr is an ircbus.BehindProxy's if
	// nobody knows from where the request comes: then the address proves nothing. The login, if there is any, is Serve's
	// affair; see Handler.Account.
	Serve func(http.ResponseWriter, *http.Request) error

	// Fail writes the answer for an error in the door's own form, its header and
	// all; nil: it is a problem in JSON. The path may have a secret in it, so it is
	// never logged.
	Fail func(w http.ResponseWriter, status int, detail string)
}

// MaxDoorPost is how many bytes of one request a door gets to read if it does not
// say otherwise.
const MaxDoorPost = 1 << 20

// Account is the account that the request proves to be with its Authorization, and
// that may publish by that.
// The error is the answer.
func (h *Handler) Account(r *http.Request) (string, error) {
	account, _, err := h.login(r, ircbus.ScopePublish)
	return account, err
}

// mount puts the doors into the router.
func (h *Handler) mount() {
	for _, d := range h.Doors {
		for _, method := range d.Methods {
			h.mux.Method(method, d.Pattern, h.serveDoor(d))
		}
	}
}

// serveDoor does what every door needs first.
func (h *Handler) serveDoor(d Door) http.Handler {
	maxPost := cmp.Or(d.MaxPost, MaxDoorPost)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Here a GET may publish, too. (Other methods have been checked before.)
		if h.isForeign(r) {
			h.failDoor(d, w, r, errForeignPage)
			return
		}
		r.Body = doorBody{http.MaxBytesReader(w, r.Body, maxPost), maxPost, visitorOf(r)}
		w.Header().Set("Cache-Control", "no-store")
		if err := d.Serve(w, r); err != nil {
			h.failDoor(d, w, r, err)
		}
	})
}

// failDoor answers with an error in the door's form.
func (h *Handler) failDoor(d Door, w http.ResponseWriter, r *http.Request, err error) {
	p := h.problem(r, d.Pattern, err)
	if d.Fail == nil {
		h.writeProblem(w, p)
		return
	}
	p.setHeaders(w.Header())
	d.Fail(w, p.Status, p.Detail)
}

// doorBody is a request's body with the door's limits.
type doorBody struct {
	io.ReadCloser
	max     int64
	visitor *visitor
}

// Limit is how many bytes the body may have, also when it is inflated.
func (b doorBody) Limit() int64 { return b.max }

// Proven says that the door knows the sender now: from then on what is read does
// not count among what strangers send.
func (b doorBody) Proven() { b.visitor.proven() }

// serveDoors is GET /doors: to operators, what has come of each door's input.
func (h *Handler) serveDoors(w http.ResponseWriter, r *http.Request) error {
	account, _, err := h.login(r, ircbus.ScopeRead)
	if err != nil {
		return err
	}
	if h.Operator == nil || !h.Operator(account) {
		return &Problem{Status: http.StatusForbidden, Detail: "only operators may see what comes through the doors"}
	}
	var reports any = []struct{}{}
	if h.DoorReports != nil {
		reports = h.DoorReports()
	}
	w.Header().Set("Cache-Control", "no-store")
	return h.writeWhole(w, r, "application/json", mustJSON(map[string]any{"doors": reports}))
}
