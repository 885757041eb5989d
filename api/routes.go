package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/ircbus/ircbus"
)

// A route is one line of the table that the router, the check of parameters and
// the test of openapi.json share.
type route struct {
	method, pattern string
	params          []string // query parameters it knows; others are a 400
	serve           func(*Handler, http.ResponseWriter, *http.Request) error
}

var (
	rangeParams  = []string{"from", "to", "after", "until", "channel", "limit", "order", "wait", "format"}
	streamParams = []string{"channel", "after", "from", "format"}
)

// routes is a function because the handlers it names use it in turn.
func routes() []route {
	return []route{
		{"GET", "/", append([]string{"action"}, rangeParams...), (*Handler).serveRoot},
		{"GET", "/changes", rangeParams, (*Handler).serveChanges},
		{"POST", "/events", []string{"channel"}, (*Handler).serveEvents},
		{"GET", "/events/{id}", nil, (*Handler).serveEvent},
		{"DELETE", "/events/{id}", []string{"field", "reason"}, (*Handler).serveRedact},
		{"GET", "/stream", streamParams, (*Handler).serveStream},
		{"GET", "/irc", nil, (*Handler).serveIRC},
		{"GET", "/wikis", []string{"format"}, (*Handler).serveWikis},
		{"GET", "/wikis/{publisher}", []string{"format"}, (*Handler).serveWiki},
		{"GET", "/doors", nil, (*Handler).serveDoors},
		{"GET", "/healthz", nil, (*Handler).serveHealth},
		{"GET", "/readyz", nil, (*Handler).serveReady},
		{"GET", "/metrics", nil, (*Handler).serveMetrics},
		{"GET", "/openapi.json", nil, (*Handler).serveOpenAPI},
		{"GET", "/ui/{file}", nil, (*Handler).serveAsset},
	}
}

func (h *Handler) router() *chi.Mux {
	mux := chi.NewMux()
	mux.Use(h.secure, h.receive, h.misdirected, h.ownPages)
	for _, rt := range routes() {
		serve := h.handle(rt)
		mux.Method(rt.method, rt.pattern, serve)
		if rt.method == "GET" {
			mux.Method("HEAD", rt.pattern, serve)
			mux.Method("OPTIONS", rt.pattern, http.HandlerFunc(h.servePreflight))
		}
	}
	mux.NotFound(func(w http.ResponseWriter, r *http.Request) {
		h.fail(w, r, notFound("there is nothing at %q; /openapi.json lists what there is", clip(r.URL.Path)))
	})
	mux.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		allow := h.allowed(r.URL.Path)
		w.Header().Set("Allow", allow)
		h.fail(w, r, &Problem{Status: http.StatusMethodNotAllowed, Detail: r.URL.Path + " answers only " + allow})
	})
	return mux
}

// handle does what every route needs first: the login, on a closed bus, and the
// check that all parameters are known.
func (h *Handler) handle(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h.admit(r, rt)
		if err == nil {
			err = rt.serve(h, w, r)
		}
		if err != nil {
			h.fail(w, r, err)
		}
	})
}

func (h *Handler) admit(r *http.Request, rt route) error {
	if rt.pattern == "/healthz" || isIRC(r) {
		return nil // the IRC server has its own login
	}
	// POST, DELETE and /doors log in by themselves, in every case.
	if rt.method == "GET" && rt.pattern != "/doors" && (h.Closed || r.Header.Get("Authorization") != "") {
		_, scope, err := h.login(r, "")
		if err == nil && h.Closed {
			err = checkScope(scope, ircbus.ScopeRead)
		}
		if err != nil {
			return err
		}
	}
	if rt.pattern == "/metrics" {
		return nil // its parameters are its own
	}
	values, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(rt.params, name) {
			return badParameter(name, "there is no such parameter here%s", known(rt.params))
		}
	}
	return nil
}

func known(params []string) string {
	if len(params) == 0 {
		return ""
	}
	return "; known are " + strings.Join(params, ", ")
}

func (h *Handler) allowed(path string) string {
	var methods []string
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"} {
		if h.mux.Match(chi.NewRouteContext(), m, path) {
			methods = append(methods, m)
		}
	}
	return strings.Join(methods, ", ")
}

// secure sets the headers that every answer carries.
func (h *Handler) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		if h.Version != "" {
			header.Set("Server", "ircbus/"+h.Version)
		}
		if h.mayRead(r) {
			header.Set("Access-Control-Allow-Origin", "*")
			header.Set("Access-Control-Expose-Headers", "ETag, Link, Retry-After, Ircbus-Epoch, Ircbus-Head, Ircbus-Oldest, Ircbus-Gap, Ircbus-Warning")
		}
		next.ServeHTTP(w, r)
	})
}

// ownPages keeps other sites' pages from publishing with their readers' browsers.
func (h *Handler) ownPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead, http.MethodOptions: // a door that publishes then checks it, too
		default:
			if h.isForeign(r) {
				h.fail(w, r, errForeignPage)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

var errForeignPage = &Problem{Status: http.StatusForbidden, Detail: "a page of another site may not publish here"}

// servePreflight answers a browser that asks whether a page may read this.
func (h *Handler) servePreflight(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", h.allowed(r.URL.Path))
	if h.mayRead(r) {
		w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD")
		w.Header().Set("Access-Control-Allow-Headers", "Accept, Authorization, Cache-Control, If-None-Match, Last-Event-ID")
		w.Header().Set("Access-Control-Max-Age", "86400")
	}
	w.WriteHeader(http.StatusNoContent)
}

// serveRoot is the page for people, or with ?action=changes the address that
// MoinMoin's users asked for. Web clients for IRC that know a host alone are
// served as under /irc.
func (h *Handler) serveRoot(w http.ResponseWriter, r *http.Request) error {
	if isIRC(r) {
		return h.serveIRC(w, r)
	}
	query := r.URL.Query()
	switch actions := query["action"]; {
	case len(actions) == 1 && actions[0] == "changes":
		return h.serveChanges(w, r)
	case len(actions) > 0:
		return badParameter("action", "it must be \"changes\"")
	case len(query) > 0:
		return badParameter("action", "it is missing: use /?action=changes&… or /changes?…")
	}
	return h.servePage(w, r)
}
