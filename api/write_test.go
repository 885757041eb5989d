package api

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// deadlines notes how much is written under each deadline.
type deadlines struct {
	*httptest.ResponseRecorder
	written []int
}

func (d *deadlines) SetWriteDeadline(time.Time) error {
	d.written = append(d.written, 0)
	return nil
}

func (d *deadlines) Write(p []byte) (int, error) {
	d.written[len(d.written)-1] += len(p)
	return d.ResponseRecorder.Write(p)
}

// A large answer gives a slow reader time for every part of it.
func TestWriteDeadlines(t *testing.T) {
	d := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	w := &timedWriter{w: d, rc: http.NewResponseController(d), patience: time.Second}
	content := bytes.Repeat([]byte("0123456789"), 50_000)
	if n, err := w.Write(content); n != len(content) || err != nil {
		t.Fatal(n, err)
	}
	for _, n := range d.written {
		if n > writeSize {
			t.Errorf("%d bytes were written under one deadline", n)
		}
	}
	if !bytes.Equal(d.Body.Bytes(), content) {
		t.Error("something else was written")
	}
}
