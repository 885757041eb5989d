package mediawiki

import (
	"cmp"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Site is what a wiki says about itself: meta=siteinfo of its API. The zero Site
// is one that has not been asked.
type Site struct {
	Wiki       string // what the wiki calls itself, as in its feeds
	Name       string
	ServerURL  string // "https://en.wikipedia.org"
	ScriptPath string // "/w"
}

// Describe makes the wiki's description block.
func (s Site) Describe(publisher string) ircbus.Wiki {
	w := describe(&Change{Wiki: s.Wiki, ServerURL: s.ServerURL, ScriptPath: s.ScriptPath})
	w.Publisher = publisher
	if s.Name != "" {
		w.Name = s.Name
	}
	return w
}

// Answer is an answer of the API to list=recentchanges.
type Answer struct {
	Site    Site
	Changes []*Change // in its order
	Refused []error   // changes that cannot be read
	More    string    // parameters, encoded, with which the rest is asked for; "" if this was all
}

// APIError is an answer by which the API refuses.
type APIError struct{ Code, Info string }

func (e *APIError) Error() string {
	return fmt.Sprintf("the wiki answers %.64s: %.200s", e.Code, e.Info)
}

// ParseAnswer reads an answer in JSON with formatversion=2. Its changes become
// what the same changes are in the wiki's own feeds (see the package's comment),
// with the same keys, except that
//
//   - log_params are named as the API names them, but for a move's target and noredir
//   - the sentence log_action_comment is made here
//   - pageid, anon and tags are there, too
//
// site is what is known of the wiki if the answer does not tell. The error is an
// *APIError, or says what is wrong.
func ParseAnswer(body []byte, site Site) (*Answer, error) {
	told, err := mapping.ReadObject(body)
	if err != nil {
		return nil, fmt.Errorf("the answer is not that of a MediaWiki's api.php: %w", err)
	}
	query := told.At("query")
	switch {
	case told.At("error").IsObject():
		return nil, &APIError{told.Text("error", "code"), told.Text("error", "info")}
	case !query.IsObject(), query.Has("recentchanges") && !query.At("recentchanges").IsList():
		return nil, fmt.Errorf("the answer of api.php has no list of changes: %.200s", body)
	}
	if general := query.At("general"); general.Text("wikiid") != "" {
		site = Site{general.Text("wikiid"), general.Text("sitename"), serverURL(general.Text("server")), general.Text("scriptpath")}
	}
	if err := checkWiki(site.Wiki); err != nil {
		return nil, err
	}
	a := &Answer{Site: site, More: continued(told.At("continue"))}
	for _, change := range query.At("recentchanges").List() {
		c, err := mapFields(site.asFeed(flattenJSON(change)))
		if err != nil {
			a.Refused = append(a.Refused, err)
			continue
		}
		a.Changes = append(a.Changes, c)
	}
	return a, nil
}

// serverURL gives a server that is told without a scheme one.
func serverURL(server string) string {
	if strings.HasPrefix(server, "//") {
		return "https:" + server
	}
	return server
}

// continued makes parameters of a request of what an answer wants to be sent
// back.
func continued(told mapping.Value) string {
	parameters := url.Values{}
	for _, name := range told.Names() {
		parameters.Set(name, told.Text(name))
	}
	return parameters.Encode()
}

// named are the names that the wiki's feeds have for what the API calls
// otherwise. Those that are "" say nothing new.
var named = map[string]string{
	"rcid": "id", "ns": "namespace", "revid": "revision.new", "old_revid": "revision.old", "newlen": "length.new", "oldlen": "length.old",
	"logid": "log_id", "logtype": "log_type", "logaction": "log_action", "new": "",
}

// asFeed makes of a change of the API what the wiki's feeds say of it.
func (s Site) asFeed(raw mapping.Flat) mapping.Flat {
	kind, isMove := raw.Get("type"), raw.Get("logtype") == "move"
	var out ircbus.Fields
	for _, field := range raw.Fields {
		name, isNamed := named[field.Key]
		param, isParam := strings.CutPrefix(field.Key, "logparams.")
		switch {
		case isNamed:
			field.Key = name
		case isParam && isMove:
			field.Key = "log_params." + cmp.Or(moveParams[param], param)
		case isParam:
			field.Key = "log_params." + param
		case field.Key == "timestamp":
			field.Value = unixSeconds(field.Value)
		}
		if field.Key != "" && tellsOf(kind, field.Key) {
			add(&out, field.Key, field.Value)
		}
	}
	if isMove && !raw.Has("logparams.suppressredirect") {
		add(&out, "log_params.noredir", "0")
	}
	if kind == "log" {
		add(&out, "log_action_comment", sentence(raw.Fields))
	}
	add(&out, "wiki", s.Wiki)
	add(&out, "server_url", s.ServerURL)
	if s.ServerURL != "" {
		add(&out, "server_script_path", s.scriptPath())
	}
	return mapping.Flat{Fields: out, Omitted: raw.Omitted}
}

// scriptPath is the path as the wiki's feeds write it.
func (s Site) scriptPath() string {
	if s.ScriptPath == "" {
		return "/"
	}
	return s.ScriptPath
}

// moveParams are what the wiki's feeds call the parameters of a move.
var moveParams = map[string]string{"target_title": "target", "suppressredirect": "noredir"}

// tellsOf reports whether the field says something of a change of the kind. Of what
// is no edit, the API writes revisions and lengths that are 0, or are not its own.
func tellsOf(kind, key string) bool {
	if !strings.HasPrefix(key, "revision.") && !strings.HasPrefix(key, "length.") {
		return true
	}
	return kind == "edit" || kind == "new" && strings.HasSuffix(key, ".new")
}

// unixSeconds are those of a time of the API.
func unixSeconds(timestamp string) string {
	at, err := time.Parse(time.RFC3339, timestamp)
	if err != nil {
		return ""
	}
	return strconv.FormatInt(at.Unix(), 10)
}

// sentence says a log entry in a few words, with HTML's entities as the wiki's
// own has them: the API has no sentence.
func sentence(raw ircbus.Fields) string {
	verb := raw.Get("logaction")
	if raw.Get("logtype") == "move" {
		verb = "moved"
	}
	text := verb + " [[" + raw.Get("title") + "]]"
	if target := raw.Get("logparams.target_title"); target != "" {
		text += " to [[" + target + "]]"
	}
	if comment := raw.Get("comment"); comment != "" {
		text += ": " + comment
	}
	return html.EscapeString(text)
}
