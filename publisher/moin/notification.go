package moin

import (
	"strconv"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
	"github.com/ircbus/ircbus/publisher/xmlrpc"
)

// A notification of the Jabber bot's becomes:
//
//	wiki         the publisher's name
//	page         page_name
//	action       page_changed is SAVE, or SAVENEW for the first revision, page_renamed
//	             SAVE/RENAME, page_deleted SAVE/DELETE, file_attached ATTNEW; any
//	             other as it is
//	user         editor
//	comment
//	rev, oldrev  revision, and the one before
//	url, diff    the first of url_list
//	text         subject, where there is no page
//	key          of what has a page and a revision: action, page, revision. Moin tells
//	             once for each language; what is said again later, or by somebody else,
//	             is another event (see Bot)
//
// old_name, attach_name, attach_size, subject and others keep their names; text and
// diff, which is one, are text_ and diff_. Left out is to whom it is said, and the
// text of user_created, which has the user's mail address for the wiki's superusers.

// actions are Moin's own words for what notifications call otherwise.
var actions = map[string]string{
	"page_changed": "SAVE", "page_renamed": "SAVE/RENAME", "page_deleted": "SAVE/DELETE", "file_attached": "ATTNEW",
}

// notificationKey is the key of a notification that has been sent n times before, and
// meant each time.
func notificationKey(raw ircbus.Fields, n int) string {
	parts := []string{"notification", raw.Get("action"), raw.Get("page_name"), raw.Get("revision")}
	if n > 0 {
		parts = append(parts, strconv.Itoa(n))
	}
	return mapping.Key(parts...)
}

// LeftOut are members of a notification that no event has: what Moin calls the
// addresses in url_list.
var LeftOut = []string{"url_list.description"}

// notification makes an event of the parameters of send_notification. The error is
// an *ircbus.Refusal.
func notification(wiki string, params []xmlrpc.Value, maxBody int) (ircbus.Fields, error) {
	if len(params) != 3 || params[1].Type != "array" || params[2].Type != "struct" {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "send_notification has %d parameters that do not fit: secret, list of Jabber ids and struct must be given", len(params))
	}
	raw := params[2].Flat()
	action := raw.Get("action")
	if action == "" {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "the notification has no action")
	}
	var e mapping.Event
	e.Add("wiki", wiki)
	e.Add("page", raw.Get("page_name"))
	rev, err := strconv.Atoi(raw.Get("revision"))
	switch word, known := actions[action]; {
	case action == "page_changed" && rev == 1:
		e.Add("action", "SAVENEW")
	case known:
		e.Add("action", word)
	default:
		e.Add("action", action)
	}
	e.Add("user", raw.Get("editor"))
	e.Add("comment", raw.Get("comment"))
	e.Add("rev", raw.Get("revision"))
	if err == nil && rev > 1 {
		e.Add("oldrev", strconv.Itoa(rev-1))
	}
	if raw.Get("page_name") == "" {
		e.Add("text", mapping.Sentence("", raw.Get("subject"), ""))
	} else if raw.Get("revision") != "" {
		e.Add("key", notificationKey(raw.Fields, 0))
	}
	addAddresses(&e, params[2])
	left := append([]string{"action", "url_list.url"}, LeftOut...)
	if action == "user_created" { // the address of the mail is in it
		left = append(left, "text")
	}
	e.KeepFlat(raw.Without(left...), "page_name", "revision", "editor", "comment")
	return e.Fit(maxBody), nil
}

// addAddresses adds those of url_list.
func addAddresses(e *mapping.Event, of xmlrpc.Value) {
	list, _ := of.Get("url_list")
	for _, link := range list.Array {
		address, _ := link.Get("url")
		key := "url"
		if strings.Contains(address.Text, "action=diff") {
			key = "diff"
		}
		if e.Fields.Has(key) {
			e.Keep(key, address.Text)
		} else {
			e.Add(key, address.Text)
		}
	}
}
