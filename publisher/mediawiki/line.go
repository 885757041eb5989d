package mediawiki

import (
	"regexp"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// An IRC line tells less than JSON: neither time nor sizes (only their
// difference, in "sizediff"), nor the number of a log entry, so that repeats of
// log entries cannot be recognised. "interwiki" keeps the interwiki prefix, and
// "special" the wiki's own word for Special, if it is another one.

var (
	line = regexp.MustCompile("^\x0314\\[\\[(?:\x0303([^:\x03]*):)?\x0307([^\x03]*)\x0314\\]\\]\x034 ([^\x03]*)\x0310 " +
		"\x0302([^\x03]*)\x03 \x035\\*\x03 \x0303([^\x03]*)\x03 \x035\\*\x03 (?:\\(\x02?([+-]?[0-9]{1,18})\x02?\\))? \x0310(.*?)\x03?$")
	logTitle   = regexp.MustCompile(`^([^:]+):Log/([^/]+)$`)
	lineTarget = regexp.MustCompile("\\[\\[\x0302([^\x03]*)\x0310\\]\\]")
	lineFlags  = regexp.MustCompile(`^!?N?M?B?$`)
	lineURL    = regexp.MustCompile(`^(https?://[^/?#]+)([^?#]*)/index\.php\?(?:diff=([0-9]+)&oldid=([0-9]+)|oldid=([0-9]+))(?:&rcid=([0-9]+))?$`)
)

// parseLine reads MediaWiki's coloured line without its line end.
func parseLine(prefix, text string) (*Change, error) {
	m := line.FindStringSubmatch(text)
	if m == nil {
		return nil, malformed("the packet is neither JSON nor XML nor MediaWiki's IRC line")
	}
	interwiki, title, flags, address, user, diff, comment := m[1], m[2], m[3], m[4], m[5], m[6], m[7]
	c := &Change{Wiki: strings.TrimPrefix(prefix, "#")}
	if c.Wiki == "" {
		c.Wiki = interwiki
	}
	if len(c.Wiki) > MaxWikiLen {
		return nil, checkWiki(c.Wiki)
	}
	f := &c.Fields
	add(f, "wiki", c.Wiki)
	if log := logTitle.FindStringSubmatch(title); log != nil && address == "" && diff == "" {
		c.logEntry(log[1], log[2], flags, user, comment)
	} else {
		if !lineFlags.MatchString(flags) {
			return nil, malformed("the IRC line has the flags %q, known are !NMB", flags)
		}
		add(f, "page", escapeReferences(title))
		c.edit(flags, address, diff)
		add(f, "user", escapeReferences(user))
		add(f, "comment", escapeReferences(comment))
	}
	add(f, "interwiki", escapeReferences(interwiki))
	e := mapping.Event{Fields: *f}
	*f = e.Fit(0).Canonical()
	return c, nil
}

func (c *Change) logEntry(special, logType, logAction, user, comment string) {
	f := &c.Fields
	if target := lineTarget.FindStringSubmatch(comment); target != nil {
		add(f, "page", escapeReferences(target[1]))
		comment = lineTarget.ReplaceAllString(comment, "[[$1]]")
	}
	add(f, "action", logType+"/"+logAction)
	add(f, "user", escapeReferences(user))
	// Even an empty sentence says that this is a log entry.
	*f = append(*f, ircbus.Field{Key: "log_action_comment", Value: escapeReferences(comment)})
	if special != "Special" {
		add(f, "special", escapeReferences(special))
	}
}

func (c *Change) edit(flags, address, diff string) {
	f := &c.Fields
	isNew := strings.Contains(flags, "N")
	if isNew {
		add(f, "action", "SAVENEW")
	} else {
		add(f, "action", "SAVE")
	}
	if isNew && strings.HasPrefix(diff, "+") {
		add(f, "size", diff[1:])
	} else {
		add(f, "sizediff", diff)
	}
	if strings.Contains(flags, "M") {
		add(f, "minor", "1")
	}
	if strings.Contains(flags, "B") {
		add(f, "bot", "1")
	}
	rcid := c.address(isNew, address)
	switch {
	case strings.Contains(flags, "!"):
		add(f, "patrolled", "0")
	case rcid != "":
		add(f, "patrolled", "1")
	}
}

// address takes the change's address apart, so that it can be made again, or
// keeps it. It returns the number of the change, which is in the address if
// patrolling is on, and makes a key of it or of the revision.
func (c *Change) address(isNew bool, address string) (rcid string) {
	f := &c.Fields
	m := lineURL.FindStringSubmatch(address)
	if m == nil || isNew != (m[5] != "") {
		add(f, "notify_url", address)
		return ""
	}
	c.ServerURL, c.ScriptPath = m[1], m[2]
	if c.ScriptPath == "" {
		c.ScriptPath = "/" // as in JSON
	}
	rev, oldrev, rcid := m[3]+m[5], m[4], m[6]
	add(f, "rev", rev)
	add(f, "oldrev", oldrev)
	add(f, "rcid", rcid)
	add(f, "server_url", c.ServerURL)
	add(f, "server_script_path", c.ScriptPath)
	add(f, "key", changeKey(c.Wiki, ircbus.Fields{{Key: "id", Value: rcid}, {Key: "revision.new", Value: rev}}))
	return rcid
}

// reference matches what MediaWiki decodes before it sends a line.
var reference = regexp.MustCompile(`&([A-Za-z0-9]+|#[0-9]+|#[xX][0-9A-Fa-f]+);`)

// escapeReferences makes the text of a line, which MediaWiki has decoded, what it
// was before, where decoding it again would make something else of it.
func escapeReferences(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	return reference.ReplaceAllString(s, "&amp;$1;")
}
