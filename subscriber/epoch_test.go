package subscriber_test

import (
	"net/http"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/subscriber"
)

// TestCaseB3: Follow begins at a cursor that says of which log it is, and tells of a
// gap if that is another.
func TestCaseB3(t *testing.T) {
	w := newWorld(t)
	w.publishAll("moin", 0, 5)
	options := w.options()
	answer, err := http.Get(options.HTTP + "/changes?format=ndjson")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	options.From = ircbus.Cursor{Epoch: answer.Header.Get("Ircbus-Epoch"), ID: 3}.String()
	own := newRecorder()
	follow(t, options, own, "#moin")
	own.wait(t, 2)
	options.From = "otherlog-3"
	foreign := newRecorder()
	follow(t, options, foreign, "#moin")
	foreign.wait(t, 5)
	foreign.mu.Lock()
	defer foreign.mu.Unlock()
	if gaps := foreign.gaps; len(gaps) != 1 || gaps[0].Reason != subscriber.NewEpoch || gaps[0].After != 3 {
		t.Errorf("told %+v", gaps)
	}
}
