package mediawiki

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// mapped are the source's names that mapFields gives other names or drops.
var mapped = []string{
	"id", "wiki", "type", "title", "title_url", "notify_url", "user", "timestamp", "comment",
	"revision.new", "revision.old", "length.new", "length.old", "namespace", "minor", "bot", "patrolled",
	"log_type", "log_action", "log_action_comment",
}

// envelope are the names of which the event has the value in another form, or that
// are about the packet.
var envelope = []string{"$schema", "type"}

// mapFields makes the event of what JSON or XML said.
func mapFields(raw mapping.Flat) (*Change, error) {
	wiki := raw.Get("wiki")
	if err := checkWiki(wiki); err != nil {
		return nil, err
	}
	if raw.Get("type") == "" {
		return nil, malformed("the change has no type")
	}
	c := &Change{Wiki: wiki, ServerURL: raw.Get("server_url"), ScriptPath: raw.Get("server_script_path")}
	f := &c.Fields
	add(f, "wiki", wiki)
	add(f, "page", raw.Get("title"))
	add(f, "action", action(raw.Fields))
	add(f, "user", raw.Get("user"))
	add(f, "time", timeOf(raw.Get("timestamp")))
	add(f, "comment", raw.Get("comment"))
	add(f, "rev", raw.Get("revision.new"))
	if old := raw.Get("revision.old"); old != "0" {
		add(f, "oldrev", old)
	}
	add(f, "size", raw.Get("length.new"))
	add(f, "oldsize", raw.Get("length.old"))
	add(f, "url", raw.Get("title_url"))
	if raw.Get("type") == "edit" {
		add(f, "diff", raw.Get("notify_url"))
	} else {
		add(f, "notify_url", raw.Get("notify_url"))
	}
	add(f, "ns", raw.Get("namespace"))
	for _, key := range [...]string{"minor", "bot", "patrolled"} {
		add(f, key, raw.Get(key))
	}
	add(f, "rcid", raw.Get("id"))
	if raw.Get("type") == "log" { // even an empty sentence says that this is a log entry
		*f = append(*f, ircbus.Field{Key: "log_action_comment", Value: raw.Get("log_action_comment")})
	}
	add(f, "key", changeKey(wiki, raw.Fields))
	e := mapping.Event{Fields: c.Fields, Rest: c.rest(raw.Fields), Omitted: raw.Omitted}
	c.Fields = e.Fit(0).Canonical()
	return c, nil
}

func checkWiki(wiki string) error {
	if wiki == "" {
		return malformed("the packet does not say which wiki it is from")
	}
	if len(wiki) > MaxWikiLen {
		return malformed("the wiki's name has %d bytes, the limit is %d", len(wiki), MaxWikiLen)
	}
	return nil
}

func action(raw ircbus.Fields) string {
	switch kind := raw.Get("type"); kind {
	case "edit":
		return "SAVE"
	case "new":
		return "SAVENEW"
	case "log":
		return raw.Get("log_type") + "/" + raw.Get("log_action")
	default:
		return kind
	}
}

// timeOf returns Unix seconds as RFC 3339, or "" if they are none.
func timeOf(seconds string) string {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n < 0 || n > 253402300799 { // the year 9999
		return ""
	}
	return time.Unix(n, 0).UTC().Format(time.RFC3339)
}

// changeKey identifies the change within its publisher for ever; "" if nothing
// in the packet does.
func changeKey(wiki string, raw ircbus.Fields) string {
	for _, id := range [...]struct{ field, prefix string }{
		{"id", ""}, {"log_id", "log"}, {"revision.new", "rev"}, {"meta.id", "meta"},
	} {
		if value := raw.Get(id.field); value != "" && value != "0" {
			return shortKey(wiki + ":" + id.prefix + value)
		}
	}
	return ""
}

// shortKey returns the key, or its hash if it is too long for parts of lines.
func shortKey(key string) string {
	if len(ircbus.Fields{{Key: "", Value: key}}.Encode()) <= ircbus.MaxKeyLen {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:20])
}

// rest is what has no place in the vocabulary under the source's names, the log's
// parameters last and sorted, so that JSON and XML make the same event.
func (c *Change) rest(raw ircbus.Fields) ircbus.Fields {
	var rest, params ircbus.Fields
	for _, field := range raw {
		switch {
		case slices.Contains(mapped, field.Key) && c.says(field), slices.Contains(envelope, field.Key), strings.HasPrefix(field.Key, "meta."),
			field.Key == "server_name" && field.Value == hostOf(c.ServerURL):
		case strings.HasPrefix(field.Key, "log_params."):
			params = append(params, ircbus.Field{Key: fieldName(field.Key), Value: field.Value})
		default:
			rest = append(rest, ircbus.Field{Key: fieldName(field.Key), Value: field.Value})
		}
	}
	slices.SortStableFunc(params, func(a, b ircbus.Field) int { return strings.Compare(a.Key, b.Key) })
	return append(rest, params...)
}

// says reports whether the event has what the field says under another name.
func (c *Change) says(raw ircbus.Field) bool {
	switch raw.Key {
	case "timestamp":
		return c.Fields.Has("time")
	case "log_type", "log_action":
		return strings.Contains(c.Fields.Get("action"), raw.Value)
	case "revision.old": // 0 is none
		return raw.Value == "0" || raw.Value == c.Fields.Get("oldrev")
	}
	return slices.ContainsFunc(c.Fields, func(field ircbus.Field) bool { return field.Value == raw.Value })
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// fieldName makes a key of the bus of any name of the source. Names that the bus
// or this mapping give another meaning get a "_".
func fieldName(name string) string {
	name = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_.:-", r) {
			return r
		}
		return '_'
	}, name)
	switch name {
	case "", "key", "part", "page", "action", "time", "rev", "oldrev", "size", "oldsize", "url", "diff", "history", "ns", "text", "omitted":
		name += "_"
	}
	return name[:min(len(name), ircbus.MaxKeyLen)]
}
