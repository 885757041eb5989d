package ircd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// inquiries is what HELP says to who asks a publisher.
var inquiries = []string{
	"I am a program. I know what was published in %s:",
	"LAST [n] [RAW]: the last entries, with RAW as query strings",
	"STOP: no more lines of the answer before",
	"GETMESSAGES_SINCE date [type]: all since then; 2026-11-20T10:00:00Z, -2h, -7d, Unix seconds or 20261120100000",
	"GETMESSAGES_SINCE_ENTRY id [type], or key=… for id: all after that one",
	"type is what action must be, as SAVE or ATT*. DCC at the end sends a file, DCC PASSIVE one to where you listen.",
}

// ask answers a private message in a publisher's place. It is false if the
// message is for those who are connected as the publisher.
func (c *client) ask(p *publisher, m message) bool {
	if m.command != "PRIVMSG" || len(m.params) != 2 || len(p.Feeds) == 0 {
		return false
	}
	if c.answerDCC(p, m.params[1]) {
		return true
	}
	q, err := parseInquiry(m.params[1], time.Now())
	if q == nil {
		return false
	}
	c.echo(m)
	view, viewErr := q.view(p.Feeds[0].Channel)
	switch {
	case err == nil:
		err = viewErr
	case q.command == "HELP", q.command == "STOP":
		err = nil
	}
	switch {
	case err != nil:
		c.hint(p, err.Error())
	case q.command == "STOP":
		c.stopAnswer(p)
	case q.command == "HELP":
		for _, line := range inquiries {
			c.hint(p, strings.ReplaceAll(line, "%s", view.Channel))
		}
	case ircbus.Cursor{Epoch: q.epoch}.Foreign(c.srv.cfg.Epoch):
		c.hint(p, "This entry is of another log: what is missing since then is not known. GETMESSAGES_SINCE takes a date")
	case q.after > ircbus.ID(c.srv.head.Load()):
		c.hint(p, "There is no such entry yet; it may be of another log. GETMESSAGES_SINCE takes a date")
	case len(c.paced.waiting) > 0:
		c.hint(p, "Wait until everything from before has come, or write STOP")
	case q.file && !c.mayFetch(q.passive):
		c.hint(p, "There are no files by DCC here"+c.elsewhere(q, view))
	default:
		c.lookUpEntries(p, q, view)
	}
	return true
}

// hint is a notice from the publisher, as a part of the answer.
func (c *client) hint(p *publisher, text string) {
	for _, line := range c.from(p, "NOTICE", text).inLines() {
		c.respond(line)
	}
}

// from is what the publisher says to the client.
func (c *client) from(p *publisher, command, text string) message {
	return message{source: p.source, command: command, params: []string{c.name(), text}, at: time.Now(), account: p.name, bot: true}
}

// elsewhere says where the same is on HTTP.
func (c *client) elsewhere(q *inquiry, view ircbus.View) string {
	if address := c.srv.address(q, view); address != "" {
		return ": see " + address
	}
	return ""
}

// address is the question as a query over HTTP; "" if that is not to be had.
func (s *Server) address(q *inquiry, view ircbus.View) string {
	if s.cfg.HTTP == "" {
		return ""
	}
	query := url.Values{"channel": {strings.TrimPrefix(view.String(), "#")}, "format": {"qs"}}
	switch {
	case q.last > 0:
		query.Set("order", "desc")
		query.Set("limit", itoa(q.last))
	case !q.from.IsZero():
		query.Set("from", ircbus.FormatTime(q.from))
	default:
		query.Set("after", itoa(q.after))
	}
	return strings.TrimSuffix(s.cfg.HTTP, "/") + "/changes?" + query.Encode()
}

// lookUpEntries reads what the question asks for and answers with it.
func (c *client) lookUpEntries(p *publisher, q *inquiry, view ircbus.View) {
	limit := maxNotices + 1
	if q.file {
		limit = maxAsked
	}
	var found []ircbus.Event
	read := func(ctx context.Context) (err error) {
		if q.key != "" {
			if q.after, err = c.srv.keyed(ctx, p.name, q.key); err != nil {
				return err
			}
		}
		found, err = c.srv.entries(ctx, q.query(view, limit))
		if q.last > 0 {
			slices.Reverse(found)
		}
		return err
	}
	c.lookups = append(c.lookups, lookup{search: isFiltered(view.String()), read: read, show: func(err error) error {
		switch {
		case errors.Is(err, errBusy):
			c.hint(p, "The server is busy answering others: ask again later")
			return nil
		case errors.Is(err, errNoSuchKey):
			c.hint(p, fmt.Sprintf("There is no entry with the key %q", q.key))
			return nil
		case errors.Is(err, ErrUnfinished):
			c.hint(p, "This type is so rare that not everything could be searched"+c.elsewhere(q, view))
		case err != nil:
			return err
		}
		if q.file {
			return c.offerEntries(p, q, found)
		}
		c.showEntries(p, q, view, found)
		return nil
	}})
}

var errNoSuchKey = errors.New("no event has this key")

// keyed is the id of the publisher's event with a key.
func (s *Server) keyed(ctx context.Context, publisher, key string) (ircbus.ID, error) {
	if s.cfg.Keyed == nil {
		return 0, errNoSuchKey
	}
	id, err := s.cfg.Keyed(ctx, publisher, key)
	if err == nil && id == 0 {
		err = errNoSuchKey
	}
	return id, err
}

// errEnough ends a reading that has as much as fits.
var errEnough = errors.New("enough")

// entries reads events, as many as fit into a file.
func (s *Server) entries(ctx context.Context, q EventQuery) (found []ircbus.Event, err error) {
	if s.cfg.Events == nil {
		return nil, nil
	}
	size := 0
	err = s.cfg.Events(ctx, q, func(e *ircbus.Event) error {
		if size += len(e.Fields.Encode()) + maxEntryHead; size > maxFile {
			return errEnough
		}
		found = append(found, *e)
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return found, err
}

// showEntries sends entries as notices, or says where they are if there are too
// many.
func (c *client) showEntries(p *publisher, q *inquiry, view ircbus.View, found []ircbus.Event) {
	room := maxLine - len(":"+p.source+" NOTICE  :\r\n") - maxNickLen
	var lines []string
	for i := range found {
		if q.last > 0 && !q.raw {
			lines = append(lines, c.srv.readableEntry(&found[i], room))
		} else {
			lines = append(lines, ircbus.Pack(found[i].ID, found[i].Fields, room)...)
		}
	}
	if len(found) > maxNotices || q.last > maxNotices || len(lines) > 2*maxNotices {
		c.hint(p, fmt.Sprintf("That is more than %d entries%s", maxNotices, c.elsewhere(q, view)))
		if c.mayFetch(false) {
			c.hint(p, "With the word DCC behind your question they come as a file")
		}
		return
	}
	end := fmt.Sprintf("%d entries", len(found))
	if len(found) > 0 {
		end += fmt.Sprintf(", the last is %d", found[len(found)-1].ID)
	}
	c.pace(p, append(lines, end))
}

// readableEntry is an event as a line for people, with its id and time.
func (s *Server) readableEntry(e *ircbus.Event, room int) string {
	head := itoa(e.ID) + " " + e.At.UTC().Format(stampLayout)
	return head + s.rendering(e).readable(room-len(head))
}

// stopAnswer ends an answer of which lines still wait.
func (c *client) stopAnswer(p *publisher) {
	left := len(c.paced.waiting)
	c.stopPaced()
	if left == 0 {
		c.hint(p, "There is nothing to stop")
		return
	}
	c.hint(p, fmt.Sprintf("Stopped: %d lines were not sent", left))
}
