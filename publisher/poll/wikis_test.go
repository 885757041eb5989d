package poll

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus/publisher/xmlrpc"
)

// feedOf serves the last items edits as RSS 1.0 with the module for wikis, and
// knows an answer again by its tag.
func feedOf(items int) func(http.ResponseWriter, *http.Request, []edit) {
	return func(w http.ResponseWriter, r *http.Request, edits []edit) {
		tag := fmt.Sprintf(`"%d"`, len(edits))
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", tag)
		io.WriteString(w, rss(edits[max(len(edits)-items, 0):]))
	}
}

func rss(edits []edit) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"` +
		` xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wiki="http://purl.org/rss/1.0/modules/wiki/"><channel><title>w</title></channel>`)
	for _, e := range slices.Backward(edits) {
		fmt.Fprintf(&b, "<item><title>Page %d</title><dc:date>%s</dc:date><wiki:version>1</wiki:version></item>\n", e.n, e.at.Format(time.RFC3339))
	}
	b.WriteString("</rdf:RDF>")
	return b.String()
}

// apiOf serves list=recentchanges, page by page. Every seventh edit comes late: it
// is listed only when there are three newer ones.
func apiOf(page int) func(http.ResponseWriter, *http.Request, []edit) {
	return func(w http.ResponseWriter, r *http.Request, edits []edit) {
		listed := slices.DeleteFunc(slices.Clone(edits), func(e edit) bool { return e.n%7 == 0 && len(edits)-e.n < 3 })
		query := r.URL.Query()
		if query.Get("rcdir") == "older" {
			slices.Reverse(listed)
		}
		start, _ := time.Parse(time.RFC3339, query.Get("rcstart"))
		from := 0
		fmt.Sscan(query.Get("rccontinue"), &from)
		listed = slices.DeleteFunc(listed, func(e edit) bool {
			return e.at.Before(start) || from > 0 && e.n < from
		})
		answer := map[string]any{"batchcomplete": true}
		limit := page
		if query.Get("rclimit") == "1" {
			limit = 1
		}
		if len(listed) > limit {
			answer["continue"] = map[string]any{"rccontinue": listed[limit].n, "continue": "-||"}
			listed = listed[:limit]
		}
		changes := make([]map[string]any, len(listed))
		for i, e := range listed {
			changes[i] = map[string]any{"type": "edit", "ns": 0, "title": fmt.Sprint("Page ", e.n), "rcid": e.n, "revid": e.n, "old_revid": e.n - 1, "timestamp": e.at.Format(time.RFC3339)}
		}
		told := map[string]any{"recentchanges": changes}
		if query.Get("meta") == "siteinfo" {
			told["general"] = map[string]any{"wikiid": "testwiki", "sitename": "Test", "server": "https://w.example.org", "scriptpath": "/w"}
		}
		answer["query"] = told
		json.NewEncoder(w).Encode(answer)
	}
}

// rpcOf serves getRecentChanges; method is what the wiki calls it. quoted is version 1.
func rpcOf(method string, quoted bool) func(http.ResponseWriter, *http.Request, []edit) {
	return func(w http.ResponseWriter, r *http.Request, edits []edit) {
		body, _ := io.ReadAll(r.Body)
		called, params, err := xmlrpc.ParseCall(body)
		if err != nil || called != method || len(params) != 1 {
			w.Write(xmlrpc.Fault(1, "No such method: "+called+"."))
			return
		}
		since, err := time.Parse(xmlrpcTime, params[0].Text)
		if seconds, isNumber := strconv.ParseInt(params[0].Text, 10, 64); isNumber == nil {
			since = time.Unix(seconds, 0)
		} else if err != nil {
			w.Write(xmlrpc.Fault(1, "no time"))
			return
		}
		list := xmlrpc.Value{Type: "array"}
		for _, e := range slices.Backward(edits) {
			if e.at.Before(since) {
				break
			}
			name := fmt.Sprint("Page ", e.n)
			if quoted {
				name = url.PathEscape(name)
			}
			list.Array = append(list.Array, xmlrpc.Value{Type: "struct", Struct: []xmlrpc.Member{
				{Name: "name", Value: xmlrpc.String(name)}, {Name: "lastModified", Value: xmlrpc.Value{Type: "dateTime.iso8601", Text: e.at.Format(xmlrpcTime)}},
				{Name: "author", Value: xmlrpc.String("Ann")}, {Name: "version", Value: xmlrpc.Value{Type: "int", Text: "1"}},
			}})
		}
		w.Write(xmlrpc.Response(list))
	}
}
