package ircd

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// Libraries of IRC cut long lines by themselves, each at another length. A
// publisher that has one finds its event stored up to there, and the rest refused,
// or stored as an event of its own (docs/protocol.md, "Publishing over IRC").

// cutWithin is how soon the rest of a line that was cut follows it.
const cutWithin = time.Second

// leastCut is the shortest text, in bytes, that a library makes of a longer one.
const leastCut = 200

// lastLine is the last line of a connection that was stored as a whole event. It
// belongs to whoever acknowledges.
type lastLine struct {
	channel string
	id      ircbus.ID
	at      time.Time
}

// checkWhole refuses a text that is not as long as its publisher says, and one of
// which no key has a value, as the rest of a line often is.
func checkWhole(text, length string) error {
	if length != "" {
		if n, err := strconv.Atoi(length); err != nil || n < 0 {
			return ircbus.Refuse(ircbus.InvalidEvent, "the tag %s=%.20q is not a number of bytes", ircbus.TagLength, length)
		} else if n != len(text) {
			return ircbus.Refuse(ircbus.InvalidEvent, "%d bytes of %d have come: the text was cut on its way", len(text), n)
		}
	}
	if !strings.Contains(text, "=") {
		return ircbus.Refuse(ircbus.InvalidEvent, "no field has a value: an event is key=value pairs joined by &")
	}
	return nil
}

// lengthOf is how many bytes the publisher says the text has, "" if it says
// nothing.
func lengthOf(msg *ircmsg.Message) string {
	has, length := msg.GetTag(ircbus.TagLength)
	if has && length == "" {
		return "-"
	}
	return length
}

// noteStored remembers an event that came in one line.
func (c *client) noteStored(p *publication, id ircbus.ID) {
	c.lastLine = lastLine{}
	if p.single {
		c.lastLine = lastLine{p.channel, id, p.at}
	}
}

// nameCut tells with the refusal of what is no event that the event before it was
// probably cut.
func (c *client) nameCut(p *publication) {
	last := &c.lastLine
	if !p.noEvent || last.id == 0 || last.channel != p.channel || p.at.Sub(last.at) > cutWithin {
		return
	}
	p.refused = ircbus.Refuse(p.refused.Code, "%s; event %d, just before it, was probably cut by your client: redact it, and send long events as parts",
		p.refused.Reason, last.id)
	c.log().Warn(fmt.Sprintf("event %d was probably cut by its publisher's client: what followed is no event", last.id),
		"channel", p.channel, "id", uint64(last.id))
}
