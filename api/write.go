package api

import (
	"net/http"
	"strconv"
	"time"
)

// writeTimeout is how long one write to a reader may take before it counts as
// stalled; readTimeout the same for the body of a POST, which may take no longer
// than bodyTimeout altogether.
const (
	writeTimeout = 30 * time.Second
	readTimeout  = 30 * time.Second
	bodyTimeout  = 5 * time.Minute
)

// timedWriter gives every write its own deadline, so that a long answer may take
// its time and a stalled reader may not.
type timedWriter struct {
	w        http.ResponseWriter
	rc       *http.ResponseController
	patience time.Duration
}

func (t *timedWriter) Write(p []byte) (int, error) {
	if err := t.rc.SetWriteDeadline(time.Now().Add(t.patience)); err != nil {
		return 0, err
	}
	return t.w.Write(p)
}

// writeWhole answers 200 with a body that is complete, compressed if that is
// worth it. Errors of writing mean that the reader has gone.
func (h *Handler) writeWhole(w http.ResponseWriter, r *http.Request, mime string, content []byte) error {
	header := w.Header()
	header.Set("Content-Type", mime)
	header.Set("Vary", "Accept, Accept-Encoding, Authorization")
	b := h.newBody(w, r, len(content))
	if b.z == nil {
		header.Set("Content-Length", strconv.Itoa(len(content)))
	}
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := b.Write(content)
	if err == nil {
		err = b.Close()
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}
