package publisher

import (
	"strconv"
	"strings"
	"time"

	"github.com/ergochat/irc-go/ircmsg"

	"github.com/ircbus/ircbus"
)

// reply is the bus's word about one event that was sent: a receipt or a refusal.
type reply struct {
	try     uint64 // which sending of which event
	receipt ircbus.Receipt
	refusal *ircbus.Refusal // nil if it was accepted
}

// label names the i-th of n lines of one try, so that an answer finds its event:
// "5f" for the only or last line, which the bus acknowledges with the event's id, and
// "5f.1" for the parts before it, which it can only refuse.
func label(try uint64, i, n int) string {
	s := strconv.FormatUint(try, 36)
	if i < n {
		s += "." + strconv.Itoa(i)
	}
	return s
}

func parseLabel(label string) (try uint64, isLast, ok bool) {
	number, _, part := strings.Cut(label, ".")
	try, err := strconv.ParseUint(number, 36, 64)
	return try, !part, err == nil
}

// reply finds out what a line says about an event (docs/protocol.md,
// "Publishing over IRC"): the labelled echo, alone or in a labeled-response
// batch, is the acknowledgement; FAIL and error numerics are refusals.
func (c *conn) reply(m *ircmsg.Message) (reply, bool) {
	_, label := m.GetTag("label")
	if m.Command == "BATCH" && len(m.Params) > 0 {
		c.batch(m.Params[0], label)
		return reply{}, false
	}
	if inBatch, reference := m.GetTag("batch"); inBatch && label == "" {
		label = c.batches[reference]
	}
	try, isLast, ok := parseLabel(label)
	if !ok {
		return reply{}, false
	}
	if refusal := refusalOf(m); refusal != nil {
		return reply{try: try, refusal: refusal}, true
	}
	if m.Command != "PRIVMSG" || !isLast {
		return reply{}, false
	}
	receipt, ok := receiptOf(m)
	return reply{try: try, receipt: receipt}, ok
}

// maxBatches bounds how many batches the bus may have open at once.
const maxBatches = 64

func (c *conn) batch(reference, label string) {
	if name, opens := strings.CutPrefix(reference, "+"); opens {
		if label != "" && len(c.batches) < maxBatches {
			c.batches[name] = label
		}
		return
	}
	delete(c.batches, strings.TrimPrefix(reference, "-"))
}

func receiptOf(m *ircmsg.Message) (ircbus.Receipt, bool) {
	_, msgid := m.GetTag("msgid")
	id, err := strconv.ParseUint(msgid, 10, 64)
	if err != nil || id == 0 {
		return ircbus.Receipt{}, false
	}
	receipt := ircbus.Receipt{ID: ircbus.ID(id)}
	receipt.Duplicate = m.HasTag(ircbus.TagDuplicate) || m.HasTag(ircbus.OldTag(ircbus.TagDuplicate))
	has, at := m.GetTag(ircbus.TagAt)
	if !has {
		_, at = m.GetTag(ircbus.OldTag(ircbus.TagAt))
	}
	receipt.At, _ = time.Parse(time.RFC3339Nano, at)
	return receipt, true
}

// refusalOf returns nil if the line is not one. "FAIL PRIVMSG <code> … :reason"
// is the bus's way; numerics from 400 on are what any IRC server refuses with.
func refusalOf(m *ircmsg.Message) *ircbus.Refusal {
	reason := last(m.Params)
	if m.Command == "FAIL" && len(m.Params) >= 3 {
		return &ircbus.Refusal{Code: ircbus.Code(m.Params[1]), Reason: reason}
	}
	if n, err := strconv.Atoi(m.Command); err == nil && n >= 400 && n <= 599 {
		return &ircbus.Refusal{Code: numericCode(n), Reason: reason}
	}
	return nil
}

func numericCode(n int) ircbus.Code {
	switch n {
	case 403, 404, 442, 482: // no such channel, cannot send, not on it, not op
		return ircbus.NotPublisher
	case 417: // line too long
		return ircbus.EventTooLarge
	}
	return ircbus.InvalidEvent
}

// passing tells refusals that another try may overcome from final ones.
func passing(r *ircbus.Refusal) bool {
	return r.Code == ircbus.StoreUnavailable || r.Code == ircbus.RateLimited
}
