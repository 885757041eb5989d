package ircd

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
)

// question is a CHATHISTORY for messages
// (ircv3.net/specs/extensions/chathistory).
type question struct {
	subcommand, target string
	refs               []*reference // one, or two of BETWEEN; nil of LATEST is any
	limit              int
}

// reference is a message by its msgid, or all of one time.
type reference struct {
	msgid string
	at    time.Time
	unit  time.Duration // how exact at is: of the next unit are those that come after
}

// subcommands says how many references each has.
var subcommands = map[string]int{"LATEST": 1, "BEFORE": 1, "AFTER": 1, "AROUND": 1, "BETWEEN": 2, "TARGETS": 2}

// cmdChathistory shows what was said before.
func (c *client) cmdChathistory(msg *ircmsg.Message) error {
	q, err := parseQuestion(msg.Params)
	if err != nil {
		return err
	}
	c.touch()
	if q.subcommand == "TARGETS" {
		c.askTargets(q)
		return nil
	}
	name, asked, err := c.past(q)
	if err != nil {
		return err
	}
	var found []record
	var goOn []*record
	c.lookups = append(c.lookups, lookup{
		search: isFiltered(name),
		read: func(ctx context.Context) (err error) {
			cutter := &pageCutter{past: asked, byTime: q.refs[0] == nil && q.limit > 1 || q.refs[0] != nil && q.refs[0].msgid == ""}
			found, err = q.answer(ctx, cutter)
			goOn = cutter.goOn
			return err
		},
		show: func(err error) error {
			if err != nil && (len(found) == 0 || !errors.Is(err, ErrUnfinished)) {
				return c.historyFailed(q, err)
			}
			c.showHistory("chathistory", name, func() {
				for i := range found {
					c.playBack(asked, &found[i], "")
				}
			})
			for _, last := range goOn {
				c.noteSameTime(q, name, last)
			}
			return nil
		},
	})
	return nil
}

// showHistory answers with the lines that fn adds, as a batch if the client
// knows what that is.
func (c *client) showHistory(kind, name string, fn func()) {
	if !c.caps.has(capBatch) {
		fn()
		return
	}
	var params []string
	if name != "" {
		params = []string{name}
	}
	c.respondBatch(kind, params, fn)
}

func errHistory(code, reason, subcommand string, context ...string) error {
	return &failure{command: "CHATHISTORY", code: code, context: subcommand, reason: reason, more: context}
}

// historyFailed says why nothing is shown. What the client cannot help is
// logged.
func (c *client) historyFailed(q *question, err error) error {
	reason := "Messages could not be retrieved: " + err.Error()
	switch {
	case errors.Is(err, errNoMessage), errors.Is(err, ErrUnfinished), errors.Is(err, errBusy):
	default:
		c.log().Error("old messages could not be read", "target", q.target, "err", err)
		reason = "Messages could not be retrieved"
	}
	return errHistory("MESSAGE_ERROR", reason, q.subcommand, q.target)
}

// parseQuestion reads the parameters of CHATHISTORY.
func parseQuestion(params []string) (*question, error) {
	if len(params) == 0 {
		return nil, errHistory("INVALID_PARAMS", "Insufficient parameters", "*")
	}
	q := &question{subcommand: strings.ToUpper(params[0])}
	refs, known := subcommands[q.subcommand]
	rest := params[1:]
	if q.subcommand != "TARGETS" {
		refs++ // and the target
	}
	switch {
	case !known:
		return nil, errHistory("INVALID_PARAMS", "Unknown command", params[0])
	case len(rest) < refs+1:
		return nil, errHistory("INVALID_PARAMS", "Insufficient parameters", q.subcommand)
	case len(rest) > refs+1:
		return nil, errHistory("INVALID_PARAMS", "Too many parameters", q.subcommand)
	}
	if q.subcommand != "TARGETS" {
		q.target, rest = rest[0], rest[1:]
	}
	for _, text := range rest[:len(rest)-1] {
		ref, err := q.reference(text)
		if err != nil {
			return nil, err
		}
		q.refs = append(q.refs, ref)
	}
	limit, err := strconv.Atoi(rest[len(rest)-1])
	if err != nil || limit < 1 {
		return nil, errHistory("INVALID_PARAMS", "The limit must be a number above 0", q.subcommand, rest[len(rest)-1])
	}
	q.limit = min(limit, MaxHistory)
	return q, nil
}

// reference reads msgid=… or timestamp=…, or * of LATEST.
func (q *question) reference(text string) (*reference, error) {
	kind, value, _ := strings.Cut(text, "=")
	switch {
	case text == "*" && q.subcommand == "LATEST":
		return nil, nil
	case kind == "msgid" && value != "" && q.subcommand != "TARGETS":
		return &reference{msgid: value}, nil
	case kind == "timestamp":
		at, err := time.Parse(time.RFC3339, value)
		if err != nil || !strings.HasSuffix(value, "Z") || at.Year() < 1 {
			return nil, errHistory("INVALID_PARAMS", "Invalid timestamp", q.subcommand, text)
		}
		unit := time.Millisecond // as server-time is cut
		if _, fraction, ok := strings.Cut(value, "."); ok && len(fraction) > len("123Z") {
			unit = time.Microsecond
		}
		return &reference{at: at.Truncate(unit), unit: unit}, nil
	case kind == "msgid" && value != "":
		return nil, errHistory("INVALID_PARAMS", "TARGETS wants timestamps", q.subcommand, text)
	case q.subcommand == "TARGETS":
		return nil, errHistory("INVALID_PARAMS", "Invalid timestamp", q.subcommand, text)
	case kind == "" || kind == text || kind == "msgid":
		return nil, errHistory("INVALID_PARAMS", "A message is named by msgid= or timestamp=", q.subcommand, text)
	}
	return nil, errHistory("INVALID_MSGREFTYPE", "Messages are found by msgid= and timestamp= alone", q.subcommand, q.target, text)
}

// answer reads what the question asks for, in the order in which it was said.
func (q *question) answer(ctx context.Context, p *pageCutter) (found []record, err error) {
	first := q.refs[0]
	switch q.subcommand {
	case "LATEST":
		found, err = p.page(ctx, span{after: first, limit: q.limit, desc: true})
	case "BEFORE":
		found, err = p.page(ctx, span{before: first, limit: q.limit, desc: true})
	case "AFTER":
		return p.page(ctx, span{after: first, limit: q.limit})
	case "AROUND":
		return q.around(ctx, p)
	case "BETWEEN":
		// Which of the two is the later one shows when nothing lies between.
		found, err = p.page(ctx, span{after: first, before: q.refs[1], limit: q.limit})
		if err != nil || len(found) > 0 {
			return found, err
		}
		found, err = p.page(ctx, span{after: q.refs[1], before: first, limit: q.limit, desc: true})
	}
	slices.Reverse(found)
	return found, err
}

// around takes as many messages from before, with the one that was named, as
// from after, and more of those of which there are more.
func (q *question) around(ctx context.Context, p *pageCutter) ([]record, error) {
	before, err := p.past.page(ctx, span{before: q.refs[0], through: true, limit: q.limit + 1, desc: true})
	if err != nil && !errors.Is(err, ErrUnfinished) {
		return nil, err
	}
	after, err := p.past.page(ctx, span{after: q.refs[0], limit: q.limit + 1})
	if err != nil && !errors.Is(err, ErrUnfinished) {
		return nil, err
	}
	half := min(len(before), max((q.limit+1)/2, q.limit-len(after)))
	before, after = p.cut(before, half), p.cut(after, min(len(after), q.limit-half))
	slices.Reverse(before)
	return append(before, after...), err
}
