package ircd

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus"
)

// rendering makes one event's lines for the views of a channel, and again for
// those of another one. Its memory is the server's scratch.
type rendering struct {
	s          *Server
	event      *ircbus.Event
	publisher  *publisher // nil if it has been removed
	source     string
	redacts    bool // the event is a tombstone, of redaction
	redaction  ircbus.Redaction
	filled     *ircbus.Event
	deliveries uint64

	isText  bool // of the channel
	tagged  [tagSets]bool
	batched *view // whose lines scratch.batch has
}

// scratch is memory that Deliver uses again and again. Guarded by Server.mu.
type scratch struct {
	views   []*view // that the event is in
	whole   []byte  // the text, if it were not too long for any line
	rooms   map[int][][]byte
	head    []byte // of the lines of one view
	texts   [1][]byte
	opening []byte // the first line of a batch, with tags
	batch   []byte // the other lines
	tags    [tagSets][]byte
	body    []byte // the event as a tag
}

func (s *Server) rendering(e *ircbus.Event) *rendering {
	r := &rendering{s: s, event: e, publisher: s.publishers[foldNick(e.Publisher)]}
	r.redaction, r.redacts = e.Redacts()
	if r.publisher != nil {
		r.source = r.publisher.source
	} else {
		r.source = e.Publisher + "!" + e.Publisher + "@" + s.cfg.Name
	}
	return r
}

// longText is room, in bytes, for every readable text that can fit into a line
// without having been shortened.
const longText = 64 << 10

// begin prepares for the views of a packed or readable channel.
func (r *rendering) begin(isText bool) {
	s := &r.s.scratch
	r.isText, r.tagged, r.batched = isText, [tagSets]bool{}, nil
	clear(s.rooms)
	if isText {
		s.whole = append(s.whole[:0], r.readable(longText)...)
	} else {
		s.whole = r.appendPacked(s.whole[:0])
	}
	s.whole = append(s.whole, "\r\n"...)
}

// appendPacked appends the text of the packed line, however long.
func (r *rendering) appendPacked(dst []byte) []byte {
	dst = strconv.AppendUint(append(dst, "id="...), uint64(r.event.ID), 10)
	return r.event.Fields.Append(append(dst, '&'))
}

// lines are the event's lines in the view, without tags; none if there is
// nothing to say to people. They are valid until the next call.
func (r *rendering) lines(v *view) lines {
	s := &r.s.scratch
	s.head = append(append(append(append(append(s.head[:0], ':'), r.source...), " PRIVMSG "...), v.name...), " :"...)
	return lines{head: s.head, texts: r.texts(maxLine - len(s.head) - len("\r\n"))}
}

// texts are the event in as many lines as it takes with room for so many bytes
// each. They are valid until the next call of begin.
func (r *rendering) texts(room int) [][]byte {
	s := &r.s.scratch
	whole := s.whole[:len(s.whole)-len("\r\n")]
	switch {
	case len(bytes.TrimSpace(whole)) == 0:
		return nil // an empty PRIVMSG is not a message
	case len(whole) <= room:
		s.texts[0] = s.whole
		return s.texts[:]
	}
	texts, ok := s.rooms[room]
	if !ok {
		texts = r.cutTexts(room)
		if s.rooms == nil {
			s.rooms = make(map[int][][]byte)
		}
		s.rooms[room] = texts
	}
	return texts
}

// cutTexts are the texts of an event that does not fit.
func (r *rendering) cutTexts(room int) (texts [][]byte) {
	if r.isText {
		if text := r.readable(room); !isBlank(text) {
			texts = append(texts, []byte(text+"\r\n"))
		}
		return texts
	}
	for _, text := range ircbus.Pack(r.event.ID, r.event.Fields, room) {
		texts = append(texts, []byte(text+"\r\n"))
	}
	return texts
}

func isBlank(text string) bool { return strings.TrimSpace(text) == "" }

// redact is a tombstone for those who understand REDACT
// (ircv3.net/specs/extensions/message-redaction).
func (r *rendering) redact(v *view) []byte {
	line := ":" + r.source + " REDACT " + v.name + " " + itoa(r.redaction.Target)
	if r.redaction.Reason != "" {
		line += " :" + shorten(oneLine(r.redaction.Reason), maxLine-len(line)-len(" :\r\n"))
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
	s.opening = append(s.opening, ":"+r.source+" BATCH +"+ref+" draft/multiline "+v.name+"\r\n"...)
	if r.batched != v {
		r.batched = v
		s.batch = r.appendBatch(s.batch[:0], v, ref)
	}
	return [][]byte{s.opening, s.batch}
}

func (r *rendering) appendBatch(dst []byte, v *view, ref string) []byte {
	head := ":" + r.source + " PRIVMSG " + v.name + " :"
	text := string(r.appendPacked(nil))
	for _, line := range splitText(text, maxLine-len(head)-len("\r\n")) {
		dst = append(append(dst, "@batch="...), ref...)
		if line.concat {
			dst = append(dst, ";draft/multiline-concat"...)
		}
		dst = append(append(append(append(dst, ' '), head...), line.text...), "\r\n"...)
	}
	return append(dst, ":"+r.source+" BATCH -"+ref+"\r\n"...)
}

// readable is the line for people, made from the fields with addresses filled
// in. Whatever the style returns, it stays one line and is not too long.
func (r *rendering) readable(room int) string {
	if r.publisher != nil && leavesOut(r.publisher.Quiet, r.event) {
		return ""
	}
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
// They are made once for a channel.
func (r *rendering) tags(tags tagSet) []byte {
	dst := &r.s.scratch.tags[tags]
	if r.tagged[tags] {
		return *dst
	}
	r.tagged[tags] = true
	m := message{
		at: r.event.At, exact: !r.isText, account: r.event.Publisher, bot: true,
		msgid: strconv.FormatUint(uint64(r.event.ID), 10),
	}
	if r.isText && tags&tagMsg != 0 {
		m.client = r.packedTag()
	}
	*dst = m.appendTags((*dst)[:0], tags)
	return *dst
}

func (r *rendering) packedTag() string {
	s := &r.s.scratch
	s.body = r.appendPacked(append(s.body[:0], ircbus.TagEvent+"="...))
	tag := escapeTag(string(s.body))
	if len(tag) > maxClientTags {
		return ""
	}
	return tag
}

// escapeTag escapes what the canonical form of an event leaves literal and a
// tag's value may not have.
func escapeTag(s string) string { return strings.ReplaceAll(s, `\`, `\\`) }
