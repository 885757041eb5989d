package readable

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

// mediaWiki makes the line that MediaWiki's IRCColourfulRCFeedFormatter makes of
// the same change, byte for byte, so that programs made for irc.wikimedia.org
// and its like can read it.
type mediaWiki struct {
	special string // the wiki's name of the namespace Special
}

func (m mediaWiki) prepare(e *ircbus.Event) values {
	f := e.Fields
	action := f.Get("action")
	// MediaWiki never sends category changes to IRC. Where they are shown all the
	// same, people get a line that no program takes for one of MediaWiki's.
	if action == "categorize" || f.Get("page") == "" && f.Get("user") == "" {
		return describe(e)
	}
	v := values{
		"prefix": cleanForIRC(f.Get("interwiki")),
		"page":   cleanForIRC(f.Get("page")),
		"user":   cleanForIRC(f.Get("user")),
	}
	if f.Has("log_action_comment") {
		logType, logAction, _ := strings.Cut(action, "/")
		special := f.Get("special") // only an event made of MediaWiki's line has it
		if special == "" {
			special = m.special
		}
		v["page"] = cleanForIRC(special + ":Log/" + logType)
		v["flag"] = safe(logAction)
		v["comment"] = m.logComment(f)
		return v
	}
	v["flag"] = flag(f, action)
	v["url"] = safe(ircbus.Link(changeURL(f)))
	v["size"] = mediaWikiSize(f)
	v["comment"] = cleanForIRC(f.Get("comment"))
	return v
}

// render is MediaWiki's template.
func (m mediaWiki) render(v values) string {
	if v["text"] != "" {
		return v["text"]
	}
	if _, ok := v["flag"]; !ok {
		return plainLine(v)
	}
	var b strings.Builder
	b.WriteString("\x0314[[")
	if v["prefix"] != "" {
		b.WriteString("\x0303" + v["prefix"] + ":")
	}
	b.WriteString("\x0307" + v["page"] + "\x0314]]\x034 " + v["flag"] + "\x0310 \x0302" + v["url"])
	b.WriteString("\x03 \x035*\x03 \x0303" + v["user"] + "\x03 \x035*\x03 " + v["size"] + " \x0310" + v["comment"] + "\x03")
	return b.String()
}

// logComment is the sentence of a log entry, with its target coloured. The order
// of the steps is MediaWiki's.
func (m mediaWiki) logComment(f ircbus.Fields) string {
	sentence := safe(f.Get("log_action_comment"))
	if target := safe(f.Get("page")); target != "" {
		sentence = strings.ReplaceAll(sentence, "[["+target+"]]", "[[\x0302"+target+"\x0310]]")
	}
	return breaksToBlanks(decodeReferences(sentence))
}

// flag is "!" for not patrolled, "N" for new, "M" for minor, "B" for a bot; for
// what MediaWiki does not know, the action.
func flag(f ircbus.Fields, action string) string {
	flag := ""
	if f.Get("patrolled") == "0" {
		flag = "!"
	}
	switch action {
	case "SAVE":
	case "SAVENEW":
		flag += "N"
	default:
		return safe(action)
	}
	if f.Get("minor") == "1" {
		flag += "M"
	}
	if f.Get("bot") == "1" {
		flag += "B"
	}
	return flag
}

// changeURL is MediaWiki's address of a change, with the number of the change
// where patrolling is on, or whatever address the event has.
func changeURL(f ircbus.Fields) string {
	if address := f.Get("notify_url"); address != "" {
		return address
	}
	rev, server := f.Get("rev"), f.Get("server_url")
	if server == "" || rev == "" {
		return firstLink(f, "diff", "url")
	}
	address := server + strings.TrimSuffix(f.Get("server_script_path"), "/") + "/index.php?"
	if f.Get("action") == "SAVENEW" {
		address += "oldid=" + rev
	} else {
		address += "diff=" + rev + "&oldid=" + f.Get("oldrev")
	}
	if f.Has("patrolled") && f.Get("rcid") != "" {
		address += "&rcid=" + f.Get("rcid")
	}
	return address
}

// mediaWikiSize is "(+7)", bold if more than 500 bytes went away.
func mediaWikiSize(f ircbus.Fields) string {
	change := sizeChange(f)
	if change == "" {
		return ""
	}
	if n, err := strconv.Atoi(change); err == nil && n < -500 {
		change = bold(change)
	}
	return "(" + change + ")"
}

// cleanForIRC does what MediaWiki does with a text before it goes to IRC.
func cleanForIRC(s string) string { return breaksToBlanks(decodeReferences(safe(s))) }

var lineBreaks = strings.NewReplacer("\n", " ", "\r", "", "\x00", "")

func breaksToBlanks(s string) string { return lineBreaks.Replace(s) }

// safe replaces formatting codes, which MediaWiki does when a text is saved.
// Tabs and line breaks stay for MediaWiki's own rules.
func safe(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 127 {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
