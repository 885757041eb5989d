package mediawiki

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// isStreamEvent reports whether JSON is of another of MediaWiki's streams than
// recentchange (schema.wikimedia.org): page-create, page_change.v1, revision-create
// and so on name the wiki by its database, and have an envelope.
func isStreamEvent(raw mapping.Flat) bool {
	return raw.Get("type") == "" && streamWiki(raw.Fields) != "" && (raw.Has("meta.stream") || raw.Has("meta.id"))
}

// streamWiki is the wiki that an event of a stream is from.
func streamWiki(raw ircbus.Fields) string { return first(raw, "wiki_id", "database", "wiki") }

// first is the first value that is there under one of the names.
func first(raw ircbus.Fields, names ...string) string {
	for _, name := range names {
		if value := raw.Get(name); value != "" {
			return value
		}
	}
	return ""
}

// streamActions are the words for what a stream tells, by the last part of its name or
// by page_change_kind: those of the wiki's own log.
var streamActions = map[string]string{
	"page-create": "SAVENEW", "create": "SAVENEW", "edit": "SAVE", "page-move": "move/move", "move": "move/move", "page-delete": "delete/delete", "delete": "delete/delete",
	"page-undelete": "delete/restore", "undelete": "delete/restore", "revision-visibility-change": "delete/revision", "visibility_change": "delete/revision",
	"page-suppress": "suppress/delete",
}

// streamMapped are the names of which mapStream makes something.
var streamMapped = []string{
	"wiki_id", "database", "wiki", "page_title", "page.page_title", "dt", "comment", "revision.comment", "rev_id", "revision.rev_id",
	"rev_parent_id", "revision.rev_parent_id", "rev_len", "revision.rev_size", "prior_state.revision.rev_size", "page_namespace", "page.namespace_id",
	"rev_minor_edit", "revision.is_minor_edit", "performer.user_text", "performer.user_is_bot", "performer.is_bot",
}

// mapStream makes the event of one of another stream than recentchange:
//
//	page       page_title, with blanks
//	action     SAVENEW, SAVE, move/move, delete/delete, delete/restore, delete/revision; of
//	           other streams their name: "page-links-change"
//	user       performer
//	time       dt, else that of the envelope
//	rev, oldrev, size, oldsize, ns, comment, minor, bot
//	url        meta.uri
//	stream     meta.stream
//	key        from wiki and meta.id
//
// Everything else keeps its name.
func mapStream(flat mapping.Flat) (*Change, error) {
	raw := flat.Fields
	wiki := streamWiki(raw)
	if err := checkWiki(wiki); err != nil {
		return nil, err
	}
	c := &Change{Wiki: wiki}
	if domain := raw.Get("meta.domain"); domain != "" {
		c.ServerURL = "https://" + domain
	}
	parent := first(raw, "rev_parent_id", "revision.rev_parent_id")
	var e mapping.Event
	e.Add("wiki", wiki)
	e.Add("page", strings.ReplaceAll(first(raw, "page_title", "page.page_title"), "_", " "))
	e.Add("action", streamAction(raw, parent))
	e.Add("user", first(raw, "performer.user_text", "revision.editor.user_text"))
	e.AddTime(first(raw, "dt", "rev_timestamp", "meta.dt"))
	e.Add("comment", first(raw, "comment", "revision.comment"))
	e.Add("rev", first(raw, "rev_id", "revision.rev_id"))
	if parent != "0" {
		e.Add("oldrev", parent)
	}
	e.Add("size", first(raw, "rev_len", "revision.rev_size"))
	e.Add("oldsize", raw.Get("prior_state.revision.rev_size"))
	e.Add("url", raw.Get("meta.uri"))
	e.Add("ns", first(raw, "page_namespace", "page.namespace_id"))
	e.Add("minor", first(raw, "rev_minor_edit", "revision.is_minor_edit"))
	e.Add("bot", first(raw, "performer.user_is_bot", "performer.is_bot"))
	e.Keep("stream", raw.Get("meta.stream"))
	rest := mapping.Flat{Omitted: flat.Omitted}
	for _, field := range raw {
		isSaid := slices.Contains(streamMapped, field.Key) && (field.Key == "dt" || field.Value == "0" || says(e.Fields, field.Value))
		if !isSaid && !strings.HasPrefix(field.Key, "meta.") && field.Key != "$schema" {
			rest.Fields = append(rest.Fields, field)
		}
	}
	e.KeepFlat(rest)
	e.Add("key", changeKey(wiki, ircbus.Fields{{Key: "meta.id", Value: raw.Get("meta.id")}}))
	c.Fields = e.Fit(0)
	return c, nil
}

// says reports whether one of the fields has a value, or as a title.
func says(fields ircbus.Fields, value string) bool {
	return slices.ContainsFunc(fields, func(field ircbus.Field) bool {
		return field.Value == value || field.Value == strings.ReplaceAll(value, "_", " ")
	})
}

// streamAction is what an event tells.
func streamAction(raw ircbus.Fields, parent string) string {
	name := raw.Get("meta.stream")
	name = strings.TrimPrefix(name[strings.LastIndexByte(name, '.')+1:], "mediawiki.")
	if kind := raw.Get("page_change_kind"); kind != "" {
		name = kind
	}
	if name == "revision-create" {
		if parent == "" || parent == "0" {
			return "SAVENEW"
		}
		return "SAVE"
	}
	return cmp.Or(streamActions[name], name)
}
