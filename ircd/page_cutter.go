package ircd

import (
	"context"
	"strconv"
	"time"
)

// pageCutter reads pages of a past for a client that names messages by their
// time. The times that it sees have milliseconds: a page that ended within one
// would hide the rest of that millisecond, since the next begins behind it.
type pageCutter struct {
	past   past
	byTime bool      // the client names messages by time; else a page may end anywhere
	goOn   []*record // the ends of pages that could not be cut so
}

// page is past's, with its end where it should be.
func (p *pageCutter) page(ctx context.Context, s span) ([]record, error) {
	limit := s.limit
	s.limit++ // to see whether more follows
	found, err := p.past.page(ctx, s)
	return p.cut(found, min(limit, len(found))), err
}

// cut leaves at most n records, of whole milliseconds if what follows them is
// there.
func (p *pageCutter) cut(found []record, n int) []record {
	if !p.byTime || n == 0 || n == len(found) || !sameTime(&found[n-1], &found[n]) {
		return found[:n]
	}
	whole := n - 1
	for whole > 0 && sameTime(&found[whole-1], &found[n]) {
		whole--
	}
	if whole == 0 {
		p.goOn = append(p.goOn, &found[n-1])
		return found[:n]
	}
	return found[:whole]
}

// sameTime reports whether the times of both are the same in server-time.
func sameTime(a, b *record) bool {
	return a.at().Truncate(time.Millisecond).Equal(b.at().Truncate(time.Millisecond))
}

// msgid names the record.
func (r *record) msgid() string {
	if r.event != nil {
		return strconv.FormatUint(uint64(r.event.ID), 10)
	}
	return r.message.MsgID
}

// noteSameTime tells the client that a page ends within a millisecond, and how to
// go on there.
func (c *client) noteSameTime(q *question, name string, last *record) {
	text := "More than " + strconv.Itoa(q.limit) + " messages have this time: go on from msgid=" + last.msgid()
	if c.caps&(capStandardReplies|capChathistory) == 0 {
		c.respond(message{source: c.srv.cfg.Name, command: "NOTICE", params: []string{c.name(), text}})
		return
	}
	c.respond(message{source: c.srv.cfg.Name, command: "NOTE", at: time.Now(),
		params: []string{"CHATHISTORY", "SAME_TIME", q.subcommand, name, "msgid=" + last.msgid(), text}})
}
