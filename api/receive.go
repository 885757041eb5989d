package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/ircbus/ircbus"
)

// Limits of what requests bring.
const (
	readTimeout = 30 * time.Second // without a byte of the body
	bodyTimeout = 5 * time.Minute  // for all of it
	idleBody    = 64 << 10         // bytes of a body that nobody asked for
	firstBytes  = 512              // that are read before anything is looked at
)

var (
	errLate = &Problem{Status: http.StatusRequestTimeout, Detail: "the request says that a body follows, and it has not come in time: send it, or say that there is none"}
	errRoom = &Problem{Status: http.StatusServiceUnavailable, RetryAfter: 5, Detail: "too much is being sent that proves nothing yet: try again later"}
	errFull = &Problem{Status: http.StatusServiceUnavailable, RetryAfter: 5, Detail: "too many answers wait for slow readers: try again later, or log in"}
	errIdle = &Problem{Status: http.StatusRequestEntityTooLarge, Detail: "this address takes no body"}
)

// visitor is what the bus keeps for a request, and what it knows of its sender.
type visitor struct {
	body    *ircbus.Share // bytes read before there is any proof
	reply   *ircbus.Share // bytes of the answer; nil for who has an account
	account bool          // the sender has one
}

type visitorKey struct{}

func visitorOf(r *http.Request) *visitor {
	v, _ := r.Context().Value(visitorKey{}).(*visitor)
	if v == nil {
		return new(visitor) // in tests of a handler alone
	}
	return v
}

// proven says that what the request brings is from somebody who may bring it.
func (v *visitor) proven() { v.body.End() }

// hasAccount says that the request's sender has an account.
func (v *visitor) hasAccount() {
	v.proven()
	v.reply.End()
	v.account, v.reply = true, nil
}

// keeps takes room for an answer of so many bytes, until it has been written.
func (v *visitor) keeps(n int) error {
	if n >= minCompress && n < compressSize {
		n += compressSize
	}
	if !v.reply.Take(n) {
		return errFull
	}
	return nil
}

// receive gives every request what it needs: deadlines, its share of what strangers
// may have, and the beginning of its body. Also where nobody wants the body it is
// waited for, since net/http answers no sooner.
func (h *Handler) receive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visitor{body: h.Bodies.Share(nil), reply: h.Replies.Share(nil)}
		defer func() {
			v.body.End()
			v.reply.End()
		}()
		r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
		rc := http.NewResponseController(w)
		_ = rc.SetWriteDeadline(time.Now().Add(h.stall)) // not for writers of tests
		if r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0 {
			body := &requestBody{ReadCloser: r.Body, rc: rc, stall: h.stall, timeout: h.readTimeout, until: time.Now().Add(h.bodyTimeout), share: v.body}
			r.Body = body
			if err := body.begin(r); err != nil {
				w.Header().Set("Connection", "close")
				h.fail(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// requestBody is a body as handlers read it: not from a sender that has stalled or
// takes for ever, and no more than there is room for.
type requestBody struct {
	io.ReadCloser
	rc             *http.ResponseController
	stall, timeout time.Duration
	until          time.Time // when even a sender that goes on is cut off
	share          *ircbus.Share
	first          []byte // has been read already
	err            error  // after first
}

// begin waits for the first bytes, unless the sender waits to be asked for them. A
// body that the method has no use for is read, and forgotten.
func (b *requestBody) begin(r *http.Request) error {
	if r.Header.Get("Expect") != "" {
		return nil
	}
	buf := make([]byte, firstBytes)
	n, err := b.Read(buf)
	b.first, b.err = buf[:n], err
	if p := asProblem(err); p != nil {
		return p
	}
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		return nil
	}
	_, err = io.CopyN(io.Discard, b, idleBody)
	switch p := asProblem(err); {
	case p != nil:
		return p
	case err == nil:
		return errIdle
	}
	r.Body = http.NoBody
	return nil
}

// Read implements io.Reader. With the body the deadline ends: it would end the wait
// for the disk as well.
func (b *requestBody) Read(p []byte) (n int, err error) {
	if len(b.first) > 0 {
		n = copy(p, b.first)
		b.first = b.first[n:]
		return n, nil
	}
	if b.err != nil {
		return 0, b.err
	}
	now := time.Now()
	deadline := now.Add(b.timeout)
	if deadline.After(b.until) {
		deadline = b.until
	}
	if err := b.rc.SetReadDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	_ = b.rc.SetWriteDeadline(now.Add(b.timeout + b.stall)) // the answer comes after the body
	n, err = b.ReadCloser.Read(p)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		b.err = errLate
		return n, b.err // net/http closes the connection
	case n > 0 && !b.share.Take(n):
		b.err = errRoom
		_ = b.rc.SetReadDeadline(time.Unix(1, 0)) // nothing more is read
		return 0, b.err
	case err != nil:
		b.err = err
		_ = b.rc.SetReadDeadline(time.Time{})
	}
	return n, err
}
