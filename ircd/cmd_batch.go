package ircd

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// maxReference is the longest reference of a client's batch, in bytes.
const maxReference = 64

// openBatch is a message of several lines that a client has begun
// (ircv3.net/specs/extensions/client-batch,
// ircv3.net/specs/extensions/multiline). It belongs to the read loop.
type openBatch struct {
	ref, target string
	label, tags string // of its beginning: the label, and the client-only tags
	length      string // that its text shall have, if it is an event
	until       time.Time
	command     string // PRIVMSG or NOTICE, as its first line is
	lines       []textLine
	size        int  // bytes of the whole text
	failed      bool // what else comes of it is ignored
}

func errBatch(code, reason string, context ...string) error {
	return &failure{command: "BATCH", code: code, reason: reason, more: context}
}

func errMultiline(reason string) error { return errBatch("MULTILINE_INVALID", reason) }

// cmdBatch ends a batch, or says why none begins: if one can, or if its end
// completes an event, then take has taken care of it.
func (c *client) cmdBatch(msg *ircmsg.Message) error {
	if ref, ends := strings.CutPrefix(msg.Params[0], "-"); ends {
		return c.endBatch(ref)
	}
	b, err := c.newBatch(msg)
	b.failed = true
	c.batch = b
	return err
}

// newBatch is the batch that a line begins. With an error it is to be ignored.
func (c *client) newBatch(msg *ircmsg.Message) (*openBatch, error) {
	ref, begins := strings.CutPrefix(msg.Params[0], "+")
	b := &openBatch{ref: ref, label: labelOf(msg), tags: clientTags(msg), length: lengthOf(msg), until: time.Now().Add(c.srv.cfg.Limits.BatchOpen)}
	switch {
	case !begins || !validReference(ref):
		return b, errBatch("INVALID_REFTAG", "A batch begins with + and its reference: letters, digits and hyphens, at most "+strconv.Itoa(maxReference), ref)
	case len(msg.Params) < 2 || msg.Params[1] != "draft/multiline":
		return b, errBatch("UNKNOWN_TYPE", "The only type of batch is draft/multiline", ref, strings.Join(msg.Params[1:], " "))
	case !c.caps.has(capsMultiline):
		return b, errMultiline("Ask for the capabilities batch and draft/multiline first")
	case len(msg.Params) != 3 || msg.Params[2] == "" || !utf8.ValidString(msg.Params[2]):
		return b, errMultiline("A batch has one target")
	case msg.HasTag("batch"):
		return b, errMultiline("A batch cannot be in another")
	case c.batch != nil && !c.batch.failed:
		return b, errMultiline("The batch before has not ended")
	}
	b.target = msg.Params[2]
	return b, nil
}

func validReference(ref string) bool {
	for _, r := range ref {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-') {
			return false
		}
	}
	return ref != "" && len(ref) <= maxReference
}

// collect adds a line to the open batch. It is false if the line is in none.
func (c *client) collect(msg *ircmsg.Message) bool {
	in, ref := msg.GetTag("batch")
	b := c.batch
	switch {
	case !in, !c.registered, !c.caps.has(capsMultiline):
		return false
	case b == nil || b.ref != ref:
		c.failBatch(errMultiline("No batch with this reference is open"))
	case !b.failed:
		if err := b.add(msg, c.srv.maxMultiline(), c.srv.maxMultilines()); err != nil {
			c.failBatch(err)
		}
	}
	return true
}

// add takes one line of the message.
func (b *openBatch) add(msg *ircmsg.Message, maxBytes, maxLines int) error {
	switch {
	case msg.Command != "PRIVMSG" && msg.Command != "NOTICE" || b.command != "" && b.command != msg.Command:
		return errMultiline("A batch has either PRIVMSG or NOTICE, and nothing else")
	case len(msg.Params) != 2:
		return errMultiline("A line of a batch has a target and a text")
	case ircbus.Fold(msg.Params[0]) != ircbus.Fold(b.target):
		return errBatch("MULTILINE_INVALID_TARGET", "All lines of a batch have its target", b.target, msg.Params[0])
	}
	line := textLine{msg.Params[1], msg.HasTag("draft/multiline-concat")}
	if line.text == "" && line.concat {
		return errMultiline("A line with draft/multiline-concat cannot be empty")
	}
	b.size += len(line.text)
	if len(b.lines) == 0 {
		line.concat = false
	} else if !line.concat {
		b.size++
	}
	b.command, b.lines = msg.Command, append(b.lines, line)
	switch {
	case b.size > maxBytes:
		return errBatch("MULTILINE_MAX_BYTES", "The text of a batch has at most so many bytes", strconv.Itoa(maxBytes))
	case len(b.lines) > maxLines:
		return errBatch("MULTILINE_MAX_LINES", "A batch has at most so many lines", strconv.Itoa(maxLines))
	}
	return nil
}

// text is the whole message.
func (b *openBatch) text() string {
	var text strings.Builder
	for i, line := range b.lines {
		if i > 0 && !line.concat {
			text.WriteByte('\n')
		}
		text.WriteString(line.text)
	}
	return text.String()
}

// failBatch gives up the open batch, if any, and answers what began it with
// the reason.
func (c *client) failBatch(why error) {
	c.publish() // what came before keeps its order
	c.lock()
	defer c.unlock()
	if b := c.batch; b != nil && !b.failed {
		c.label = b.label
		if c.publishesIn(b.target) != nil {
			c.srv.refuse(ircbus.Refuse(ircbus.InvalidEvent, "the batch is broken"))
		}
		b.failed, b.lines = true, nil
	}
	c.answer("BATCH", why)
	c.flush()
}

// takeBatch begins a batch, and keeps one that is an event for publish. It is
// false if cmdBatch must answer.
func (c *client) takeBatch(msg *ircmsg.Message) bool {
	if !c.registered || len(msg.Params) == 0 {
		return false
	}
	ref, ends := strings.CutPrefix(msg.Params[0], "-")
	if !ends {
		b, err := c.newBatch(msg)
		if err == nil {
			c.batch = b
		}
		return err == nil
	}
	b := c.batch
	if b == nil || b.ref != ref || b.failed {
		return false
	}
	d := c.sitDown()
	channel := d.publishesIn(b.target)
	if channel == "" {
		return false
	}
	c.batch, c.desk = nil, d
	c.addLine(publication{command: b.command, label: b.label, channel: channel, length: b.length}, b.text())
	return true
}

// endBatch sends a complete message of several lines.
func (c *client) endBatch(ref string) error {
	b := c.batch
	switch {
	case b == nil || b.ref != ref:
		return errMultiline("No batch with this reference is open")
	case b.failed:
		c.batch = nil
		return nil
	}
	c.batch, c.label = nil, b.label
	switch text := b.text(); {
	case strings.Trim(text, "\n") == "":
		return errMultiline("A batch must have a line that is not empty")
	case !utf8.ValidString(text):
		return errNotUTF8("BATCH")
	}
	m := c.message(b.command, b.target)
	m.lines, m.client = b.lines, b.tags
	err := c.say(m)
	c.touch()
	return unlessNotice(b.command, err)
}
