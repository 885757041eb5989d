package ircd

import (
	"context"
	"errors"
	"math"
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// cmdRedact takes back a message, or removes an event from the bus
// (ircv3.net/specs/extensions/message-redaction, docs/protocol.md, "Redaction").
func (c *client) cmdRedact(msg *ircmsg.Message) error {
	r := redaction{target: msg.Params[0], msgid: msg.Params[1]}
	if len(msg.Params) > 2 {
		r.reason = msg.Params[2]
	}
	if err := limited("The reason", r.reason, ircbus.MaxReason); err != nil {
		return err
	}
	base, _, _ := strings.Cut(r.target, "?")
	switch fn, ch := c.srv.feeds[foldChan(base)], c.srv.channels[foldChan(r.target)]; {
	case fn != nil:
		return c.redactEvent(fn, r)
	case ch != nil && c.channels.get(foldChan(r.target)) != nil:
		return c.redactIn(ch, r)
	case !strings.HasPrefix(r.target, "#"):
		return c.redactTo(r)
	}
	return r.fail("INVALID_TARGET", "You are in no such channel")
}

// redaction is what somebody wants to be redacted.
type redaction struct{ target, msgid, reason string }

func (r *redaction) fail(code, reason string) error {
	f := &failure{command: "REDACT", code: code, context: r.target, reason: reason}
	if code != "INVALID_TARGET" {
		f.more = []string{r.msgid}
	}
	return f
}

// message is the REDACT as others see it from p.
func (r *redaction) message(p *person) message {
	params := []string{r.target, r.msgid}
	if r.reason != "" {
		params = append(params, r.reason)
	}
	return p.message("REDACT", params...)
}

// unknown is the answer for what is not there and for what is not c's to see.
func (r *redaction) unknown() error {
	return r.fail("UNKNOWN_MSGID", "There is no such message, or it is too old")
}

// forbidden is the answer to who may not redact a message of somebody else.
func (r *redaction) forbidden() error {
	return r.fail("REDACT_FORBIDDEN", "Only who has sent it and the channel's operators may redact a message")
}

// redactEvent removes an event of a feed from the log. Its members learn of it
// from the tombstone.
func (c *client) redactEvent(fn *feedName, r redaction) error {
	cursor, err := ircbus.ParseCursor(r.msgid)
	switch {
	case err != nil || cursor.ID == 0 || cursor.ID > math.MaxInt64 || cursor.Foreign(c.srv.cfg.Epoch) || c.srv.cfg.Redact == nil:
		return r.unknown()
	case c.account == "":
		return r.fail("REDACT_FORBIDDEN", "Only its publisher and operators may redact an event: log in")
	}
	asked := ircbus.Redaction{Target: cursor.ID, By: c.account, Reason: r.reason, Operator: c.mayOper, Channel: fn.feed.packed.name}
	c.lookups = append(c.lookups, lookup{
		write: true,
		read:  func(ctx context.Context) error { return c.srv.cfg.Redact(ctx, asked) },
		show: func(err error) error {
			if err == nil {
				c.echoRedaction(r)
				return nil
			}
			return r.refused(err)
		},
	})
	return nil
}

// refused is the answer to a redaction of an event that the log refused.
func (r *redaction) refused(err error) error {
	refusal := (*ircbus.Refusal)(nil)
	switch {
	case errors.Is(err, errBusy):
		return r.fail(string(ircbus.StoreUnavailable), "The server is busy: try again later")
	case !errors.As(err, &refusal):
		return err
	case refusal.Code == ircbus.NoSuchEvent:
		return r.unknown()
	case refusal.Code == ircbus.StoreUnavailable:
		return r.fail(string(refusal.Code), refusal.Reason)
	}
	return r.fail("REDACT_FORBIDDEN", refusal.Reason)
}
