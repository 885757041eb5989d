package ircd

import (
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus"
)

// deliverAtOnce is how many events are delivered before others get a turn.
const deliverAtOnce = 64

// scratch is memory that Deliver uses again and again. Guarded by Server.mu.
type scratch struct {
	body    []byte   // the event's canonical form
	lines   [][]byte // the lines of one view, without tags
	opening []byte   // the first line of a batch, with tags
	batch   []byte   // the other lines
	tags    [tagSets][]byte
}

// Deliver shows stored events to the members of their channels. One goroutine
// calls it, in id order. It does not keep the events, and it does not wait for
// any member.
func (s *Server) Deliver(events []ircbus.Event) {
	for batch := range slices.Chunk(events, deliverAtOnce) {
		runtime.Gosched() // whoever has published them is answered first, if it can be
		s.mu.Lock()
		for i := range batch {
			s.deliver(&batch[i])
		}
		s.mu.Unlock()
	}
}

func (s *Server) deliver(e *ircbus.Event) {
	s.head.Store(uint64(e.ID))
	r := rendering{s: s, event: e, publisher: s.publishers[foldNick(e.Publisher)]}
	r.redaction, r.redacts = e.Redacts()
	if fn := s.feeds[foldChan(e.Channel)]; fn != nil {
		r.to(fn.feed.packed)
		if fn.feed.text != nil {
			r.to(fn.feed.text)
		}
	}
	if r.publisher != nil {
		for _, c := range r.publisher.person.clients {
			c.own.delivered(e.ID)
		}
	}
}

// rendering encodes one event: each line once for each view and each set of
// tags that somebody wants.
type rendering struct {
	s         *Server
	event     *ircbus.Event
	publisher *publisher // nil if it has been removed
	filled    *ircbus.Event
	batched   *view // whose lines scratch.batch has
	redacts   bool  // the event is a tombstone, of redaction
	redaction ircbus.Redaction
}

func (r *rendering) to(fn *feedName) {
	var tagged [tagSets]bool // which of scratch.tags are this event's
	for _, v := range fn.views {
		if !v.filter.Match(r.event.Fields) {
			continue
		}
		lines := r.lines(v)
		if len(lines) == 0 {
			continue
		}
		for key, st := range v.streams {
			if !tagged[key.tags] {
				tags := &r.s.scratch.tags[key.tags]
				*tags = r.tags((*tags)[:0], key.tags, fn.isText)
				tagged[key.tags] = true
			}
			tags, lines := r.s.scratch.tags[key.tags], lines
			switch {
			case r.redacts && key.tags&tagRedact != 0:
				lines = [][]byte{r.redact(v)}
			case len(lines) > 1 && key.tags&tagBatch != 0:
				tags, lines = nil, r.batch(v, tags)
			}
			if key.own == nil || key.own.passes(st, r.event.ID, tags, lines) {
				st.append(r.event.ID, tags, lines)
				r.s.stats.deliveries.Add(uint64(st.live))
			}
		}
	}
}

// lines are the event's lines in the view, without tags; none if there is
// nothing to say to people. They are valid until the next call.
func (r *rendering) lines(v *view) [][]byte {
	head := ":" + r.source() + " PRIVMSG " + v.name + " :"
	room := maxLine - len(head) - len("\r\n")
	lines := r.s.scratch.lines[:0]
	for _, text := range r.texts(v.of.isText, room) {
		// Memory of earlier lines is used again.
		var line []byte
		if n := len(lines); n < cap(lines) {
			line = lines[:n+1][n][:0]
		}
		line = append(append(append(line, head...), text...), '\r', '\n')
		lines = append(lines, line)
	}
	r.s.scratch.lines = lines
	return lines
}

// redact is a tombstone for those who understand REDACT
// (ircv3.net/specs/extensions/message-redaction).
func (r *rendering) redact(v *view) []byte {
	line := ":" + r.source() + " REDACT " + v.name + " " + itoa(r.redaction.Target)
	if r.redaction.Reason != "" {
		line += " :" + cut(oneLine(r.redaction.Reason), maxLine-len(line)-len(" :\r\n"))
	}
	return []byte(line + "\r\n")
}

// batch is an event longer than a line as one batch, whose opening has the tags
// (ircv3.net/specs/extensions/multiline). What follows the opening is encoded
// once for all tags. Both are valid until the next call.
func (r *rendering) batch(v *view, tags []byte) [][]byte {
	s := &r.s.scratch
	ref := "e" + strconv.FormatUint(uint64(r.event.ID), 10)
	s.opening = append(s.opening[:0], tags...)
	s.opening = append(s.opening, ":"+r.source()+" BATCH +"+ref+" draft/multiline "+v.name+"\r\n"...)
	if r.batched != v {
		r.batched = v
		s.batch = r.appendBatch(s.batch[:0], v, ref)
	}
	return [][]byte{s.opening, s.batch}
}

func (r *rendering) appendBatch(dst []byte, v *view, ref string) []byte {
	head := ":" + r.source() + " PRIVMSG " + v.name + " :"
	text := "id=" + strconv.FormatUint(uint64(r.event.ID), 10) + "&" + r.event.Fields.Encode()
	for _, line := range splitText(text, maxLine-len(head)-len("\r\n")) {
		dst = append(append(dst, "@batch="...), ref...)
		if line.concat {
			dst = append(dst, ";draft/multiline-concat"...)
		}
		dst = append(append(append(append(dst, ' '), head...), line.text...), "\r\n"...)
	}
	return append(dst, ":"+r.source()+" BATCH -"+ref+"\r\n"...)
}

func (r *rendering) source() string {
	if r.publisher != nil {
		return r.publisher.source
	}
	return sourceOf(r.event.Publisher, r.s.cfg.Name)
}

func sourceOf(publisher, server string) string { return publisher + "!" + publisher + "@" + server }

func (r *rendering) texts(readable bool, room int) []string {
	if readable {
		text := r.readable(room)
		if strings.TrimSpace(text) == "" {
			return nil // an empty PRIVMSG is not a message
		}
		return []string{text}
	}
	return ircbus.Pack(r.event.ID, r.event.Fields, room)
}

// readable is the line for people, made from the fields with addresses filled
// in. Whatever the style returns, it stays one line and is not too long.
func (r *rendering) readable(room int) string {
	var text string
	if r.publisher != nil && r.publisher.Line != nil {
		if r.filled == nil {
			filled := *r.event
			filled.Fields = r.publisher.Fill(filled.Fields)
			r.filled = &filled
		}
		text = r.publisher.Line(r.filled, room)
	} else {
		text = r.event.Fields.Encode()
	}
	text = oneLine(text)
	if len(text) > room {
		text = strings.ToValidUTF8(text[:room], "")
	}
	return text
}

// oneLine makes text fit to be a part of a line.
func oneLine(text string) string {
	if strings.ContainsAny(text, "\r\n\x00") {
		text = strings.NewReplacer("\r", " ", "\n", " ", "\x00", "").Replace(text)
	}
	return text
}

// maxClientTags is how many bytes of client-only tags a line may have
// (ircv3.net/specs/extensions/message-tags).
const maxClientTags = 4094

// tags are the event's tags; in text channels with the packed event, if it fits.
func (r *rendering) tags(dst []byte, tags tagSet, readable bool) []byte {
	m := message{
		at: r.event.At, exact: !readable, account: r.event.Publisher, bot: true,
		msgid: strconv.FormatUint(uint64(r.event.ID), 10),
	}
	if readable && tags&tagMsg != 0 {
		m.client = r.packedTag()
	}
	return m.appendTags(dst, tags)
}

func (r *rendering) packedTag() string {
	s := &r.s.scratch
	s.body = append(s.body[:0], "+ircbus/event=id="...)
	s.body = strconv.AppendUint(s.body, uint64(r.event.ID), 10)
	s.body = r.event.Fields.Append(append(s.body, '&'))
	tag := escapeTag(string(s.body))
	if len(tag) > maxClientTags {
		return ""
	}
	return tag
}

// escapeTag escapes what the canonical form of an event leaves literal and a
// tag's value may not have.
func escapeTag(s string) string { return strings.ReplaceAll(s, `\`, `\\`) }
