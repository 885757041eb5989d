package api

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.json
var openAPI []byte

// serveHealth answers as long as the process does.
func (h *Handler) serveHealth(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	return h.writeWhole(w, r, "text/plain; charset=utf-8", []byte("ok\n"))
}

// serveReady answers 503 while the bus cannot store events, with the reason.
func (h *Handler) serveReady(w http.ResponseWriter, r *http.Request) error {
	if h.Ready != nil {
		if err := h.Ready(); err != nil {
			return &Problem{Status: http.StatusServiceUnavailable, Detail: err.Error(), RetryAfter: 5}
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	return h.writeWhole(w, r, "text/plain; charset=utf-8", []byte("ready\n"))
}

func (h *Handler) serveMetrics(w http.ResponseWriter, r *http.Request) error {
	if h.Metrics == nil {
		return notFound("this bus has no metrics")
	}
	h.Metrics.ServeHTTP(w, r)
	return nil
}

func (h *Handler) serveOpenAPI(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-cache")
	return h.writeWhole(w, r, "application/json", openAPI)
}
