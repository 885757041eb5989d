package api

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

//go:embed ui
var uiFiles embed.FS

// Sizes of the page: it is for a look, not for reading everything.
const (
	pageEvents = 40
	pageWikis  = 200
	maxShown   = 400 // bytes of a title or comment
)

// ui is what the page is made from.
type ui struct{ templates *template.Template }

func loadUI() (*ui, error) {
	t, err := template.ParseFS(uiFiles, "ui/*.html")
	if err != nil {
		return nil, err
	}
	return &ui{t}, nil
}

// assets are the files that the page refers to.
var assets = map[string]string{
	"style.css": "text/css; charset=utf-8",
	"live.js":   "text/javascript; charset=utf-8",
	"icon.svg":  "image/svg+xml",
}

func (h *Handler) serveAsset(w http.ResponseWriter, r *http.Request) error {
	name := chi.URLParam(r, "file")
	mime, ok := assets[name]
	if !ok {
		return notFound("there is no file %q", clip(name))
	}
	content, err := uiFiles.ReadFile("ui/" + name)
	if err != nil {
		return err
	}
	tag := tagOf(content)
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return h.writeWhole(w, r, mime, content)
}

// pageData is what the templates show.
type pageData struct {
	Bus      busBlock
	More     int    // publishers that are not shown
	Version  string // of the bus
	Path     string // before every address on the page
	Base     string
	Server   string // for `ircbus follow --server`
	IRC, TLS hostPort
	Example  wikiBlock // for the examples of commands
	Only     *wikiBlock
	Closed   bool
	Head     ircbus.ID
	Events   []pageEvent
}

// hostPort is an address in two parts, because IRC clients want it so.
type hostPort struct{ Host, Port string }

// pageEvent is one line of the list of changes.
type pageEvent struct {
	ID                        ircbus.ID
	At                        time.Time
	Publisher, Title, Channel string
	Action, User, Comment     string
	URL, Diff, History        template.URL // as ircbus.Link lets them through
	Minor, Bot                bool
}

// servePage is the page for people: what this bus carries and how to join.
func (h *Handler) servePage(w http.ResponseWriter, r *http.Request) error {
	data, err := h.pageData(r, nil)
	if err != nil {
		return err
	}
	if len(data.Bus.Wikis) > 0 {
		data.Example = data.Bus.Wikis[0]
	}
	if n := len(data.Bus.Wikis) - pageWikis; n > 0 {
		data.Bus.Wikis, data.More = data.Bus.Wikis[:pageWikis], n
	}
	return h.render(w, r, "index.html", data)
}

// serveWikiPage is the description block of one publisher for people.
func (h *Handler) serveWikiPage(w http.ResponseWriter, r *http.Request, block wikiBlock) error {
	data, err := h.pageData(r, &block)
	if err != nil {
		return err
	}
	data.Example, data.Only = block, &block
	return h.render(w, r, "wiki.html", data)
}

func (h *Handler) pageData(r *http.Request, only *wikiBlock) (pageData, error) {
	bus, err := h.describeBus(r)
	if err != nil {
		return pageData{}, err
	}
	data := pageData{Bus: bus, Version: h.Version, Base: h.base(r), Closed: h.Closed, IRC: split(h.IRC), TLS: split(h.IRCTLS)}
	if u, err := url.Parse(data.Base); err == nil {
		if data.Server = u.Host; u.Scheme == "https" || u.Path != "" {
			data.Server = data.Base
		}
		if h.URL != "" {
			data.Path = u.EscapedPath()
		}
	}
	q := history.Query{Limit: pageEvents, Desc: true}
	if only != nil {
		for _, c := range only.Channels {
			if view, err := ircbus.ParseView(c.Channel); err == nil {
				q.Views = append(q.Views, view)
			}
		}
		if len(q.Views) == 0 { // which would mean all
			return data, nil
		}
	}
	data.Head, data.Events, err = h.latest(r.Context(), q)
	return data, err
}

// latest returns the newest events and the id up to which they are complete.
func (h *Handler) latest(ctx context.Context, q history.Query) (head ircbus.ID, events []pageEvent, err error) {
	bounds, err := h.Index.Bounds(ctx)
	if err != nil || bounds.Head == 0 {
		return 0, nil, err
	}
	q.Until = bounds.Head
	fill := newFiller(h.Wikis())
	err = h.Index.Range(ctx, q, func(e *ircbus.Event) error {
		if _, ok := e.Redacts(); !ok { // what it tells of is not there
			events = append(events, newPageEvent(fill.fill(e)))
		}
		return nil
	})
	return bounds.Head, events, err
}

func newPageEvent(e ircbus.Event) pageEvent {
	get := e.Fields.Get
	link := func(key string) template.URL { return template.URL(ircbus.Link(get(key))) }
	return pageEvent{
		ID: e.ID, At: e.At, Publisher: e.Publisher, Channel: e.Channel, Title: shorten(entryTitle(&e)),
		Action: shorten(get("action")), User: shorten(get("user")), Comment: shorten(get("comment")),
		URL: link("url"), Diff: link("diff"), History: link("history"),
		Minor: get("minor") == "1", Bot: get("bot") == "1",
	}
}

// shorten keeps one event from filling the page.
func shorten(s string) string {
	if len(s) <= maxShown {
		return s
	}
	end := maxShown
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

func split(address string) hostPort {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return hostPort{}
	}
	return hostPort{host, port}
}

// Policies for HTML: nothing but the page's own files, and no frame around it.
const pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (h *Handler) render(w http.ResponseWriter, r *http.Request, name string, data pageData) error {
	var page bytes.Buffer
	if err := h.ui.templates.ExecuteTemplate(&page, name, data); err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.Header().Set("Cache-Control", "no-store")
	return h.writeWhole(w, r, "text/html; charset=utf-8", page.Bytes())
}
