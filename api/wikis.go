package api

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/go-chi/chi/v5"

	"github.com/ircbus/ircbus"
)

// busBlock is the answer of GET /wikis.
type busBlock struct {
	Name  string      `json:"name"`
	Epoch string      `json:"epoch"`
	IRC   string      `json:"irc"`
	IRCS  string      `json:"ircs"`
	Wikis []wikiBlock `json:"wikis"`
}

// wikiBlock is a publisher's description block (docs/protocol.md, "Description
// block").
type wikiBlock struct {
	Publisher string         `json:"publisher"`
	Name      string         `json:"name"`
	Interwiki string         `json:"interwiki"`
	Engine    string         `json:"engine"`
	Base      string         `json:"base"`
	Templates templates      `json:"templates"`
	Charset   string         `json:"charset"`
	Channels  []channelBlock `json:"channels"`
	Changes   string         `json:"changes"`
	Stream    string         `json:"stream"`
	Feeds     feedsBlock     `json:"feeds"`
	IRC       string         `json:"irc"`
}

type templates struct {
	Page    string `json:"page"`
	Diff    string `json:"diff"`
	History string `json:"history"`
	Raw     string `json:"raw"`
}

type channelBlock struct {
	Channel string `json:"channel"`
	Text    string `json:"text"`
}

type feedsBlock struct {
	Atom string `json:"atom"`
	RSS  string `json:"rss"`
}

func (h *Handler) describeBus(r *http.Request) (busBlock, error) {
	bounds, err := h.Index.Bounds(r.Context())
	if err != nil {
		return busBlock{}, err
	}
	wikis := h.Wikis()
	bus := busBlock{Name: h.Name, Epoch: bounds.Epoch, IRC: h.IRC, IRCS: h.IRCTLS, Wikis: make([]wikiBlock, len(wikis))}
	for i := range wikis {
		bus.Wikis[i] = h.describe(r, &wikis[i])
	}
	return bus, nil
}

func (h *Handler) describe(r *http.Request, wiki *ircbus.Wiki) wikiBlock {
	block := wikiBlock{
		Publisher: wiki.Publisher, Name: wiki.Name, Interwiki: wiki.Interwiki, Engine: wiki.Engine, Base: ircbus.Link(wiki.Base),
		Templates: templates{ircbus.Link(wiki.PageURL), ircbus.Link(wiki.DiffURL), ircbus.Link(wiki.HistoryURL), ircbus.Link(wiki.RawURL)},
		Charset:   "UTF-8",
		Channels:  make([]channelBlock, len(wiki.Feeds)),
	}
	for i, f := range wiki.Feeds {
		block.Channels[i] = channelBlock{f.Channel, f.Text}
	}
	if len(wiki.Feeds) == 0 {
		return block
	}
	channels := make(url.Values)
	for _, f := range wiki.Feeds[:min(len(wiki.Feeds), MaxChannels)] {
		channels.Add("channel", f.Channel)
	}
	block.Changes = h.base(r) + "/changes?" + channels.Encode()
	block.Stream = h.base(r) + "/stream?" + channels.Encode()
	block.Feeds = feedsBlock{block.Changes + "&format=atom", block.Changes + "&format=rss"}
	block.IRC = h.ircURL(wiki.Feeds[0].Channel)
	return block
}

// ircURL is what an IRC client opens; the channel of a bus without open IRC has
// only the TLS address.
func (h *Handler) ircURL(channel string) string {
	switch {
	case h.IRC != "":
		return "irc://" + h.IRC + "/" + url.PathEscape(channel)
	case h.IRCTLS != "":
		return "ircs://" + h.IRCTLS + "/" + url.PathEscape(channel)
	}
	return ""
}

// blockFormat chooses html, json or xml.
func blockFormat(r *http.Request) (string, error) {
	names := []string{"json", "html", "xml"}
	p := params{values: r.URL.Query()}
	name, ok := p.one("format")
	if !ok {
		offers := [][]string{{"application/json"}, {"text/html"}, {"application/xml", "text/xml"}}
		return names[choose(r.Header.Get("Accept"), offers)], p.err
	}
	if !slices.Contains(names, name) {
		p.fail("format", "%q is not one of html, json, xml", clip(name))
	}
	return name, p.err
}

// serveWikis is GET /wikis: what this bus carries and where it is.
func (h *Handler) serveWikis(w http.ResponseWriter, r *http.Request) error {
	format, err := blockFormat(r)
	if err != nil {
		return err
	}
	if format == "html" {
		return h.servePage(w, r)
	}
	bus, err := h.describeBus(r)
	if err != nil {
		return err
	}
	if format == "json" {
		return h.writeJSON(w, r, bus)
	}
	x := appendAttr(append([]byte(nil), xmlHead+`<wikis xmlns="urn:ircbus:wikis:1"`...), "name", bus.Name)
	x = appendAttr(x, "epoch", bus.Epoch)
	x = appendAttr(x, "irc", bus.IRC)
	x = append(appendAttr(x, "ircs", bus.IRCS), ">\n"...)
	for i := range bus.Wikis {
		x = bus.Wikis[i].appendXML(x, "")
	}
	return h.writeWhole(w, r, "application/xml; charset=utf-8", append(x, "</wikis>\n"...))
}

// serveWiki is GET /wikis/{publisher}, the address in the channel's topic.
func (h *Handler) serveWiki(w http.ResponseWriter, r *http.Request) error {
	format, err := blockFormat(r)
	if err != nil {
		return err
	}
	name := chi.URLParam(r, "publisher")
	wikis := h.Wikis()
	i := slices.IndexFunc(wikis, func(wiki ircbus.Wiki) bool { return ircbus.Fold(wiki.Publisher) == ircbus.Fold(name) })
	if i < 0 {
		return notFound("there is no publisher %q; /wikis lists those that there are", clip(name))
	}
	block := h.describe(r, &wikis[i])
	switch format {
	case "html":
		return h.serveWikiPage(w, r, block)
	case "xml":
		x := block.appendXML([]byte(xmlHead), ` xmlns="urn:ircbus:wikis:1"`)
		return h.writeWhole(w, r, "application/xml; charset=utf-8", x)
	}
	return h.writeJSON(w, r, block)
}

func (h *Handler) writeJSON(w http.ResponseWriter, r *http.Request, value any) error {
	w.Header().Set("Cache-Control", "no-cache")
	return h.writeWhole(w, r, "application/json", mustJSON(value))
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

func (b *wikiBlock) appendXML(dst []byte, namespace string) []byte {
	dst = append(dst, "<wiki"+namespace...)
	dst = append(appendAttr(dst, "publisher", b.Publisher), ">\n"...)
	for _, element := range [...][2]string{
		{"name", b.Name}, {"interwiki", b.Interwiki}, {"engine", b.Engine}, {"base", b.Base}, {"charset", b.Charset},
		{"page", b.Templates.Page}, {"diff", b.Templates.Diff}, {"history", b.Templates.History}, {"raw", b.Templates.Raw},
		{"changes", b.Changes}, {"stream", b.Stream}, {"atom", b.Feeds.Atom}, {"rss", b.Feeds.RSS}, {"irc", b.IRC},
	} {
		dst = appendOptional(dst, element[0], element[1])
	}
	for _, c := range b.Channels {
		dst = appendAttr(append(dst, "<channel"...), "text", c.Text)
		dst = appendXML(append(dst, '>'), c.Channel)
		dst = append(dst, "</channel>\n"...)
	}
	return append(dst, "</wiki>\n"...)
}
