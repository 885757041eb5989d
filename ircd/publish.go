package ircd

import (
	"errors"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// publication is one line of a publisher in a feed, on its way to the store. It
// ends in exactly one of three ways: refused, stored with its event, or, being
// a part of a longer event, taken note of.
type publication struct {
	command string // PRIVMSG, or NOTICE, which means the same
	label   string
	channel string
	length  string    // of the text, as the publisher says; "" if it does not
	at      time.Time // when it came
	single  bool      // it is a whole event in one line, which may have been cut
	noEvent bool      // refused, since it is no event at all
	refused *ircbus.Refusal
	fields  ircbus.Fields // of the event that is complete with this line; nil if it is a part
}

// take keeps a publisher's line in a feed for publish. It is false if the
// message is something else.
func (c *client) take(msg *ircmsg.Message) bool {
	if msg.Command == "BATCH" {
		return c.takeBatch(msg)
	}
	if msg.Command != "PRIVMSG" && msg.Command != "NOTICE" || len(msg.Params) != 2 || !c.exempt.Load() {
		return false
	}
	d := c.sitDown()
	channel := d.publishesIn(msg.Params[0])
	if channel == "" {
		return false
	}
	c.desk = d
	c.addLine(publication{command: msg.Command, label: labelOf(msg), channel: channel, length: lengthOf(msg), single: true}, msg.Params[1])
	return true
}

// addLine parses the text of a line and adds it to what is pending, with the
// parts that came before it.
func (c *client) addLine(line publication, text string) {
	line.at = time.Now()
	packed, err := ircbus.ParsePacked(text)
	if whole := checkWhole(text, line.length); whole != nil {
		err = whole
	}
	line.noEvent, line.single = err != nil, line.single && packed.Part == 0 && len(text) >= leastCut
	if !c.scope.Allows(ircbus.ScopePublish) {
		err = ircbus.Refuse(ircbus.NotPublisher, "your token is good for reading alone")
	}
	if err == nil && packed.ID != 0 {
		err = ircbus.Refuse(ircbus.InvalidEvent, "the field \"id\" is reserved for the bus")
	}
	if err != nil {
		c.abandon(line.command, line.channel)
		line.refused = refusal(err)
		c.pending = append(c.pending, line)
		return
	}
	fields, done := c.assemble(&line, packed)
	if done {
		if line.fields, err = ircbus.Accept(fields, c.srv.cfg.MaxBody); err != nil {
			line.refused, line.noEvent = refusal(err), true
		}
	}
	c.pending = append(c.pending, line)
}

// assemble adds a line to the parts that came before it. done is true when fields
// are a whole event.
func (c *client) assemble(line *publication, packed ircbus.Packed) (fields ircbus.Fields, done bool) {
	key := foldChan(line.channel)
	if packed.Part == 0 && c.joiners[key] == nil {
		return packed.Fields, true
	}
	joiner := c.joiner(key)
	fields, done, err := joiner.Add(packed)
	begun := packed.Part == 1 && joiner.Pending()
	if err != nil {
		if done || begun { // the error is about the event before
			c.pending = append(c.pending, publication{command: line.command, channel: line.channel, refused: refusal(err)})
		} else {
			line.refused = refusal(err)
		}
	}
	if !joiner.Pending() {
		delete(c.joiners, key)
	}
	return fields, done
}

func (c *client) joiner(key lcChan) *ircbus.Joiner {
	j := c.joiners[key]
	if j == nil {
		j = &ircbus.Joiner{MaxBody: c.srv.cfg.MaxBody}
		if c.joiners == nil {
			c.joiners = make(map[lcChan]*ircbus.Joiner)
		}
		c.joiners[key] = j
	}
	return j
}

// abandon drops the parts of an event that will not be complete, and says so.
func (c *client) abandon(command, channel string) {
	key := foldChan(channel)
	if j := c.joiners[key]; j != nil {
		delete(c.joiners, key)
		c.pending = append(c.pending, publication{command: command, channel: channel,
			refused: ircbus.Refuse(ircbus.InvalidEvent, "the parts of the event before are not complete")})
	}
}

// refusal is the error as what the publisher is told.
func refusal(err error) *ircbus.Refusal {
	var r *ircbus.Refusal
	if errors.As(err, &r) {
		return r
	}
	return ircbus.Refuse(ircbus.StoreUnavailable, "the event could not be stored: try again later")
}
