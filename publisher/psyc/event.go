package psyc

import (
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// family of methods and what they become. The first that fits counts.
var families = []struct {
	method, action string
	fields         map[string]string // PSYC's variables to the bus's fields
}{
	{"_notice_update_wiki", "SAVE", map[string]string{
		"_nick_wiki": "user", "_article": "page", "_page": "url", "_summary": "comment"}},
	{"_notice_update_software_git_refs_added", "create", map[string]string{"_project": "project", "_refs": "ref"}},
	{"_notice_update_software_git_refs_deleted", "delete", map[string]string{"_project": "project", "_refs": "ref"}},
	{"_notice_update_software", "commit", map[string]string{
		"_name_editor": "user", "_nick_editor": "user", "_mailto_editor": "email", "_name_committer": "committer", "_mailto_committer": "committer_email",
		"_project": "project", "_repository": "repo", "_module": "module", "_ref": "ref", "_hash_commit_long": "rev",
		"_comment": "comment", "_files": "files", "_page_commit": "url",
		"_stat_files_changed": "files_changed", "_stat_insertions": "insertions", "_stat_deletions": "deletions"}},
	{"_notice_received_email", "mail", map[string]string{"_origin": "user", "_subject": "comment"}},
	{"_notice_email", "mail", map[string]string{"_origin": "user", "_subject": "comment"}},
	{"_notice_blog_entry", "blog", map[string]string{"_entry_author": "user", "_entry_title": "page", "_url": "url", "_blog": "blog"}},
	{"_notice_blog_comment", "comment", map[string]string{"_comment_author": "user", "_entry_title": "page", "_url": "url", "_blog": "blog"}},
	{"_notice_update_blog", "blog", map[string]string{"_location_feed": "url", "_blog": "blog"}},
	{"_notice_service", "service", map[string]string{
		"_host": "host", "_desc": "service", "_state": "state", "_output": "comment", "_url": "url", "_ackauthor": "user"}},
	{"_notice_host", "host", map[string]string{"_host": "host", "_state": "state", "_output": "comment", "_url": "url", "_ackauthor": "user"}},
	{"_notice_system_event", "syslog", map[string]string{"_nick_host": "host", "_system_event": "comment"}},
	{"_notice_headline", "news", map[string]string{"_headline": "comment", "_page_news": "url"}},
	{"_notice_news_headline", "news", map[string]string{"_headline": "comment", "_page_news": "url"}},
}

// isMail reports whether the packet tells of a mail, whose headers may be
// encoded.
func (p *Packet) isMail() bool {
	return isA(p.Method, "_notice_received_email") || isA(p.Method, "_notice_email_received")
}

// event is what a packet becomes: what the bus has a name for, and everything
// else under PSYC's own names. client is who has proven to send it, or "".
func (p *Packet) event(text, client string) mapping.Event {
	if p.isMail() {
		p.decodeWords("_origin", "_subject")
	}
	var e mapping.Event
	names := map[string]string{}
	for _, f := range families {
		if isA(p.Method, f.method) {
			e.Add("action", f.action)
			names = f.fields
			break
		}
	}
	if isA(p.Method, "_notice_update_wiki_minor") {
		e.Add("minor", "1")
	}
	used := map[string]bool{}
	for _, v := range p.Vars {
		name := names[v.Name]
		switch {
		case name != "" && !used[name]:
			used[name] = true
			for _, value := range v.Values {
				e.Add(name, strings.TrimSpace(value))
			}
		case v.Name == "_time" && isTime(v.Values[0]):
			e.AddTime(v.Values[0])
		case v.Name != "_target" && !strings.HasPrefix(v.Name, "_check"):
			for _, value := range v.Values {
				e.Keep(v.Name, value)
			}
		}
	}
	e.Add("text", text)
	e.Add("method", p.Method)
	e.Add("client", client)
	e.Add("key", p.key())
	return e
}

// key is what identifies the notice for ever: the proof that it came with, or a
// commit's hash. Other notices have no such thing.
func (p *Packet) key() string {
	switch {
	case p.Check.Name != "":
		return mapping.Key("psyc", p.Check.Values[0])
	case p.Get("_hash_commit_long") != "":
		return mapping.Key("psyc", p.Get("_project"), p.Get("_ref"), p.Get("_hash_commit_long"))
	}
	return ""
}

// isTime reports whether a variable says when something happened: what cannot be read
// is kept under its own name.
func isTime(text string) bool {
	_, ok := mapping.ParseTime(text)
	return ok
}

// destination is where a packet goes.
type destination struct {
	host   string
	person string // of "~nick", and of an address with "user@host"
	place  string // of "@place"
}

// parseTarget reads a uniform (about.psyc.eu/Uniform): psyc://host/~nick,
// psyc://host:4404/@place, xmpp:user@host. The error is an *ircbus.Refusal.
func parseTarget(target string) (d destination, err error) {
	scheme, rest, _ := strings.Cut(target, ":")
	rest, isPath := strings.CutPrefix(rest, "//")
	switch {
	case strings.EqualFold(scheme, "psyc") && isPath:
		host, object, _ := strings.Cut(rest, "/")
		d.host, _, _ = strings.Cut(strings.ToLower(host), ":")
		switch {
		case strings.HasPrefix(object, "~"):
			d.person = object[1:]
		case strings.HasPrefix(object, "@"):
			d.place = strings.ToLower(object[1:])
		case object != "":
			return d, ircbus.Refuse(ircbus.NotPublisher, "%.100q is not a legal address here", target)
		}
	case strings.Contains(rest, "@"):
		at := strings.LastIndexByte(rest, '@')
		d.person, d.host = rest[:at], strings.ToLower(rest[at+1:])
	default:
		return d, ircbus.Refuse(ircbus.NotPublisher, "%.100q is not a legal address here", target)
	}
	return d, nil
}
