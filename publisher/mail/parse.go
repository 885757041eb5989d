// Package mail turns mails into events: procmail, maildrop, Sieve or a mail
// server hands a mail over, and what its header says is published, or told to
// the person whom the mail is for.
//
// The mapping to an event:
//
//	action      MAIL
//	user        who wrote it: the name in From, else the address
//	time        Date
//	comment     Subject
//	from        the address in From
//	to, cc, reply-to, sender, list-id, in-reply-to, message-id, x-mailer,
//	user-agent, importance, precedence, auto-submitted, x-loop
//	            the header of that name, decoded
//	body        the text, if the bus was asked to take it
//	recipient   whom the mail was delivered to, if the door knows
//	text        the sentence for people: "Mail from Anna: Lunch?"
//	key         from Message-ID, From, Date and Subject; without Message-ID also from To
//	            and the text; none without Date as well
//
// Other headers stay out, as they tell the way of the mail and not what it is
// about, unless Options.Headers names them; so does the body, unless
// Options.Body says how much of it is wanted.
package mail

import (
	"bytes"
	"cmp"
	"io"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/content"
	"github.com/ircbus/ircbus/publisher/mapping"
)

func init() { message.CharsetReader = content.Reader } // what mails are written in

// Options say what is taken from a mail beside the usual headers.
type Options struct {
	Headers []string // further headers to keep, in any case
	Body    int      // bytes of the text to keep; 0 keeps none
}

// Letter is what is taken from a mail.
type Letter struct {
	Text string // the sentence for people
	Key  string // tells it from other mails; the same one delivered again has it again

	event mapping.Event // without recipient, text and key
}

// maxHeader limits a mail's header, in bytes; maxKept the headers of one name
// that an event keeps.
const (
	maxHeader = 256 << 10
	maxKept   = 20
)

// kept are the headers that an event keeps under their own names.
var kept = []string{
	"to", "cc", "reply-to", "sender", "list-id", "in-reply-to", "message-id", "x-mailer",
	"user-agent", "importance", "precedence", "auto-submitted", "x-loop",
}

// Parse reads a mail as far as it is needed, with or without an mbox's "From "
// line in front. What is broken in a header is left as it stands, so the only
// errors are those of r and *ircbus.Refusal: no header at all, or too long a
// one.
func Parse(r io.Reader, o Options) (*Letter, error) {
	header, body, err := split(r)
	if err != nil {
		return nil, err
	}
	begin, err := io.ReadAll(io.LimitReader(body, maxKeyed))
	if err != nil {
		return nil, err
	}
	// Errors are about charsets and encodings that nobody knows: the bytes stay.
	entity, err := message.Read(io.MultiReader(bytes.NewReader(header), bytes.NewReader(begin), body))
	if entity == nil {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "the mail's header cannot be read: %v", err)
	}
	h := mail.Header{Header: entity.Header}
	name, address := author(h)
	user, subject := cmp.Or(name, address, "somebody"), decoded(h, "Subject")
	l := &Letter{
		Text: mapping.Sentence("Mail from "+user, cmp.Or(subject, "(no subject)"), ""),
		Key:  keyOf(h, begin),
	}
	l.event.Add("action", "MAIL")
	l.event.Add("user", user)
	if date, err := h.Date(); err == nil && !date.IsZero() {
		l.event.Add("time", ircbus.FormatTime(date))
	} else {
		l.event.AddTime(decoded(h, "Date"))
	}
	l.event.Add("comment", subject)
	l.event.Keep("from", address)
	for _, name := range append(kept, o.Headers...) {
		l.keep(h, name)
	}
	if o.Body > 0 {
		l.event.Keep("body", firstText(entity, o.Body))
	}
	return l, nil
}

// maxKeyed is how much of a mail's body its key is made of, in bytes.
const maxKeyed = 64 << 10

// keyOf makes a key of what tells a mail from others: its Message-ID, or else its Date
// with what it says, since programs send several mails in a second. A mail without
// both has none.
func keyOf(h mail.Header, body []byte) string {
	from, date, subject := h.Get("From"), h.Get("Date"), h.Get("Subject")
	switch id := h.Get("Message-Id"); {
	case id != "":
		return mapping.Key("mail", id, from, date, subject)
	case date == "":
		return ""
	}
	return mapping.Key("mail", "", from, date, subject, h.Get("To"), string(body))
}

// Fields are the event of the mail's delivery to a recipient, "" if it is not
// known to whom; maxBody is the limit of its canonical form in bytes, 0 means
// ircbus.MaxBody. ircbus.Accept takes them.
func (l *Letter) Fields(recipient string, maxBody int) ircbus.Fields {
	e := mapping.Event{Fields: l.event.Fields[:len(l.event.Fields):len(l.event.Fields)], Rest: l.event.Rest}
	e.Add("recipient", recipient)
	e.Add("text", l.Text)
	e.Add("key", l.Key)
	return e.Fit(maxBody)
}

// author returns the name and the address in From. Where it cannot be taken
// apart by the rules (RFC 5322, 3.4), what is between the last < and > is the
// address.
func author(h mail.Header) (name, address string) {
	if list, err := h.AddressList("From"); err == nil && len(list) > 0 {
		return oneLine(list[0].Name), oneLine(list[0].Address)
	}
	whole := decoded(h, "From")
	if i := strings.LastIndexByte(whole, '<'); i >= 0 && strings.HasSuffix(whole, ">") {
		return strings.Trim(whole[:i], `" `), whole[i+1 : len(whole)-1]
	}
	return whole, ""
}

// decoded returns a header's value without its encoding (RFC 2047) and folds.
func decoded(h mail.Header, key string) string {
	value, err := h.Text(key)
	if err != nil && value == "" {
		value = h.Get(key)
	}
	return oneLine(value)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// keep keeps a header under its own name, each time it occurs.
func (l *Letter) keep(h mail.Header, name string) {
	n := 0
	for fields := h.FieldsByKey(name); fields.Next() && n < maxKept; n++ {
		value, err := fields.Text()
		if err != nil && value == "" {
			value = fields.Value()
		}
		l.event.Keep(strings.ToLower(name), oneLine(value))
	}
}
