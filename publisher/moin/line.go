// Package moin lets MoinMoin 1.7 to 1.9 publish without a change to its code. It
// reads the log of changes that every wiki writes, data/edit-log, and it takes
// the place of the Jabber bot that a wiki tells of changes by XML-RPC.
//
// A line of the edit-log becomes:
//
//	wiki       the name that the configuration gives it
//	page       as people write it, "My Page/Sub-Page"
//	action     SAVE, SAVENEW, SAVE/REVERT, SAVE/RENAME, ATTNEW, ATTDEL, ATTDRW
//	user       the user's name; of who is not logged in, the host
//	time       in microseconds
//	comment
//	rev        without zeros before it; of a page that had one before, oldrev
//	old_name   of a page that was renamed
//	attach_name
//	key        time, revision, action, page
//
// userid, addr and hostname keep their names, and so does extra, which says to
// which revision a page was reverted.
package moin

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Line is one line of an edit-log.
type Line struct {
	Time   time.Time // UTC
	Rev    int       // of the page, from 1; 0 where it has none: of attachments
	Action string
	Page   string // as people write it

	Addr, Host string // "" if the wiki does not log them
	UserID     string // not the name; "" for who is not logged in
	Extra      string // what it is depends on the action
	Comment    string

	key string
}

// Limits of what a line may say.
const (
	fieldsOfLine = 9
	noRev        = 99999999       // the revision of attachments
	lastTime     = 253402300799e6 // µs: the year 9999
)

// ParseLine reads a line without its line feed. Fields that are missing at its
// end are empty, as Moin has it. The error says what is wrong.
func ParseLine(text string) (Line, error) {
	fields := strings.SplitN(strings.TrimSpace(ircbus.ToUTF8(string(ircbus.TrimBOM([]byte(text))))), "\t", fieldsOfLine)
	if len(fields) < 4 {
		return Line{}, fmt.Errorf("the line has %d fields, at least time, revision, action and page must be there", len(fields))
	}
	for len(fields) < fieldsOfLine {
		fields = append(fields, "")
	}
	usecs, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil || usecs < 0 || usecs > lastTime {
		return Line{}, fmt.Errorf("%.40q is not a time in microseconds", fields[0])
	}
	rev, err := strconv.Atoi(fields[1])
	if err != nil || rev < 0 {
		return Line{}, fmt.Errorf("%.40q is not a revision", fields[1])
	}
	if rev == noRev {
		rev = 0
	}
	page, err := unquote(fields[3])
	if err != nil {
		return Line{}, err
	}
	if page == "" || fields[2] == "" {
		return Line{}, errors.New("the line has no action or no page")
	}
	return Line{
		Time: time.UnixMicro(usecs).UTC(), Rev: rev, Action: fields[2], Page: page,
		Addr: fields[4], Host: fields[5], UserID: fields[6], Extra: fields[7], Comment: fields[8],
		key: mapping.Key(fields[0], fields[1], fields[2], fields[3]),
	}, nil
}

// unquote makes a page's name of that of its directory: in parentheses are bytes
// in hexadecimal.
func unquote(name string) (string, error) {
	var b strings.Builder
	for {
		plain, rest, quoted := strings.Cut(name, "(")
		b.WriteString(plain)
		if !quoted {
			return ircbus.ToUTF8(b.String()), nil
		}
		digits, after, closed := strings.Cut(rest, ")")
		bytes, err := hex.DecodeString(digits)
		if err != nil || !closed {
			return "", fmt.Errorf("the page's name %.80q is not quoted as in the file system", name)
		}
		b.Write(bytes)
		name = after
	}
}

// Fields makes an event of the line. The user's name is "" if it is not known;
// maxBody limits the event as mapping.Event.Fit says.
func (l *Line) Fields(wiki, user string, maxBody int) ircbus.Fields {
	var e mapping.Event
	e.Add("wiki", wiki)
	e.Add("page", l.Page)
	e.Add("action", l.Action)
	e.Add("user", cmp.Or(user, l.Host, l.Addr))
	e.Add("time", ircbus.FormatTime(l.Time))
	e.Add("comment", l.Comment)
	if l.Rev > 0 {
		e.Add("rev", strconv.Itoa(l.Rev))
	}
	if l.Rev > 1 {
		e.Add("oldrev", strconv.Itoa(l.Rev-1))
	}
	l.addExtra(&e)
	e.Add("key", l.key)
	e.Keep("userid", l.UserID)
	e.Keep("addr", l.Addr)
	if l.Host != l.Addr {
		e.Keep("hostname", l.Host)
	}
	return e.Fit(maxBody)
}

// addExtra adds what Extra means with this action.
func (l *Line) addExtra(e *mapping.Event) {
	switch {
	case l.Action == "SAVE/RENAME":
		e.Add("old_name", l.Extra)
	case strings.HasPrefix(l.Action, "ATT"):
		name, err := url.PathUnescape(l.Extra)
		if err != nil {
			name = l.Extra
		}
		e.Add("attach_name", ircbus.ToUTF8(name))
	default:
		e.Keep("extra", l.Extra)
	}
}
