package poll

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// moinTime is the time that MoinMoin's wiki:version is, in microseconds.
func moinTime(version string) (time.Time, bool) {
	if len(version) != 16 {
		return time.Time{}, false
	}
	usecs, err := strconv.ParseInt(version, 10, 64)
	if err != nil || usecs < 0 {
		return time.Time{}, false
	}
	return time.UnixMicro(usecs).UTC(), true
}

// MoinMoin says in English what was done, in front of the comment.
var (
	moinRenamed  = regexp.MustCompile(`(?s)^Renamed from '(.*?)'\.<br />Comment: (.*)$`)
	moinReverted = regexp.MustCompile(`(?s)^Revert to revision ([0-9]+)\.<br />Comment: (.*)$`)
	moinAttached = regexp.MustCompile(`(?s)^(?:Upload of attachment '(.*)'|Attachment '(.*)' deleted|Drawing '(.*)' saved)\.$`)
)

// moinEntry maps an item of MoinMoin's feed to what the door moin makes of the line
// in the wiki's log. Only with ddiffs=1 in its address the feed tells revisions,
// only with show_att=1 attachments. The status is that of the page at present, so
// the newest item of a page that is gone is its deletion.
func moinEntry(made *mapping.Event, e *entry, at time.Time, older bool) {
	link := linkOf(e.link)
	action, comment, rest := moinAction(e.summary)
	if action == "SAVE" && e.status == "deleted" && !older {
		action = "SAVE/DELETE"
	}
	if action == "SAVENEW" {
		link.rev = cmp.Or(link.rev, "1")
	}
	made.Add("page", e.title)
	made.Add("action", action)
	made.Add("user", strings.TrimPrefix(e.author, "Self:"))
	made.Add("time", ircbus.FormatTime(at))
	cut := addComment(made, strings.TrimSpace(comment))
	made.Add("rev", link.rev)
	made.Add("oldrev", link.oldrev)
	page, _, _ := strings.Cut(e.id, "#")
	made.Add("url", page)
	if link.isDiff {
		made.Add("diff", e.address)
	} else if link.rev != "1" && !strings.HasPrefix(action, "ATT") {
		made.Add("diff", e.diff)
	}
	made.Add("history", e.history)
	made.Fields = append(made.Fields, rest...)
	made.Add("key", mapping.Key("rss", e.version, e.title))
	if cut {
		made.Add("cut", "comment")
	}
}

// moinAction takes a description apart.
func moinAction(text string) (action, comment string, rest ircbus.Fields) {
	if comment, ok := strings.CutPrefix(text, "New page:"); ok {
		return "SAVENEW", comment, nil
	}
	if m := moinRenamed.FindStringSubmatch(text); m != nil {
		return "SAVE/RENAME", m[2], ircbus.Fields{{Key: "old_name", Value: m[1]}}
	}
	if m := moinReverted.FindStringSubmatch(text); m != nil {
		return "SAVE/REVERT", m[2], ircbus.Fields{{Key: "extra", Value: m[1]}}
	}
	if m := moinAttached.FindStringSubmatch(text); m != nil {
		for i, action := range []string{"ATTNEW", "ATTDEL", "ATTDRW"} {
			if name := m[i+1]; name != "" {
				return action, "", ircbus.Fields{{Key: "attach_name", Value: name}}
			}
		}
	}
	return "SAVE", text, nil
}
