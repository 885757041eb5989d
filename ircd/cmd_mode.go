package ircd

import (
	"slices"
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdMode shows or changes modes (modern.ircdocs.horse/#mode-message).
func (c *client) cmdMode(msg *ircmsg.Message) error {
	name, args := msg.Params[0], msg.Params[1:]
	if !strings.HasPrefix(name, "#") {
		return c.userMode(name, args)
	}
	t := c.find(name)
	switch {
	case t == nil:
		return errNoSuchChannel(name, "There is no such channel")
	case len(args) == 0:
		c.showModes(t)
		return nil
	}
	return c.channelMode(t, parseChanges(args))
}

func (c *client) showModes(t *target) {
	if t.feed != nil {
		c.reply("324", t.name, "+mnt")
		c.reply("329", t.name, itoa(t.feed.created.Unix()))
		return
	}
	ch := t.channel
	modes, args := "+"+ch.modes, []string{}
	if ch.key != "" {
		modes += "k"
		args = append(args, "*")
		if ch.members[c.person] != nil {
			args[0] = ch.key
		}
	}
	if ch.limit > 0 {
		modes += "l"
		args = append(args, itoa(ch.limit))
	}
	c.reply("324", append([]string{ch.name, modes}, args...)...)
	c.reply("329", ch.name, itoa(ch.created.Unix()))
}

// channelMode changes the modes of a channel. Everybody may ask for the lists,
// as clients do on joining; the modes of feeds are fixed.
func (c *client) channelMode(t *target, changes []change) error {
	if slices.ContainsFunc(changes, func(w change) bool { return !w.asks() }) {
		if t.feed != nil {
			return errNotOperator(t.name, "The modes of a publisher's channel are fixed")
		}
		if err := c.mustBeOp(t.channel, "Only operators change modes"); err != nil {
			return err
		}
	}
	var done []change
	given, unknown := 0, map[rune]bool{}
	for _, w := range changes {
		if w.given {
			given++
		}
		switch {
		case w.asks() || unknown[w.mode]:
			continue
		case w.given && given > maxModes:
			c.answer("MODE", errModeParam(t.channel, &w, "One line has at most "+itoa(maxModes)+" changes with a parameter"))
			continue
		}
		changed, err := c.change(t.channel, &w)
		unknown[w.mode] = err != nil && !strings.ContainsRune(paramModes, w.mode)
		c.answer("MODE", err)
		if changed {
			done = append(done, w)
		}
	}
	if t.channel != nil {
		t.channel.announce(c, done)
	}
	c.showLists(t, changes)
	return nil
}

// mustBeOp says why the client may not do what is for operators of the channel,
// or nil.
func (c *client) mustBeOp(ch *channel, why string) error {
	switch m := ch.members[c.person]; {
	case m == nil:
		return errNotOnChannel(ch.name)
	case !m.op:
		return errNotOperator(ch.name, why)
	}
	return nil
}
