package api

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// writeTimeout is how long one write to a reader may take before it counts as
// stalled, and stall how long an answer may take that is written without one.
const (
	writeTimeout = 30 * time.Second
	stall        = 2 * time.Minute
)

// writeSize is how many bytes a reader must take within writeTimeout.
const writeSize = 64 << 10

// timedWriter gives every writeSize bytes their own deadline, so that a long answer may take
// its time and a stalled reader may not.
type timedWriter struct {
	w        http.ResponseWriter
	rc       *http.ResponseController
	patience time.Duration
}

func (t *timedWriter) Write(p []byte) (int, error) {
	written := 0
	for part := range slices.Chunk(p, writeSize) {
		if err := t.rc.SetWriteDeadline(time.Now().Add(t.patience)); err != nil {
			return written, err
		}
		n, err := t.w.Write(part)
		if written += n; err != nil {
			return written, err
		}
	}
	return written, nil
}

// writeWhole answers 200 with a body that is complete, compressed if that is
// worth it. Errors of writing mean that the reader has gone.
func (h *Handler) writeWhole(w http.ResponseWriter, r *http.Request, mime string, content []byte) error {
	header := w.Header()
	header.Set("Content-Type", mime)
	header.Set("Vary", "Accept, Accept-Encoding, Authorization")
	if err := visitorOf(r).keeps(len(content)); err != nil {
		return err
	}
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
