package ping

import (
	"net/http"

	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/xmlrpc"
)

// Door is a handler of POST.
type Door struct{ in *door.Inlet }

// New makes the door.
func New(in *door.Inlet) *Door { return &Door{in} }

// Serve answers a request. An error is the answer, for Fail to write.
func (d *Door) Serve(w http.ResponseWriter, r *http.Request) error {
	p, err := d.in.Open(r)
	if err != nil {
		return err
	}
	body, err := p.Text()
	if err != nil {
		return err
	}
	fields, err := Parse(body, d.in.MaxBody)
	if err != nil {
		return p.Refuse(door.Malformed, err)
	}
	if _, err := p.Store(p.Channel(), fields); err != nil {
		return err
	}
	answer(w, http.StatusOK, false, "Thanks for the ping.")
	return nil
}

// Fail writes an error in the form of weblogUpdates. A call that is wrong is
// answered over HTTP with 200, as all of XML-RPC is; who may not call, or should
// call again, is told by the status, too.
func Fail(w http.ResponseWriter, status int, detail string) {
	if status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge {
		status = http.StatusOK
	}
	answer(w, status, true, detail)
}

func answer(w http.ResponseWriter, status int, failed bool, message string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(status)
	w.Write(xmlrpc.Response(xmlrpc.Value{Type: "struct", Struct: []xmlrpc.Member{
		{Name: "flerror", Value: xmlrpc.Bool(failed)}, {Name: "message", Value: xmlrpc.String(message)},
	}})) // stored all the same if the caller has gone
}
