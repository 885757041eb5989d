package ircd

import (
	"strconv"
	"strings"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
)

const (
	maxModes = 8 // changes with a parameter in one line
	maxBans  = 50
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
	case t.feed != nil:
		return c.feedMode(t, args)
	}
	return c.channelMode(t.channel, args)
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

// feedMode refuses everything but questions for the lists, which clients ask on
// joining.
func (c *client) feedMode(t *target, args []string) error {
	if len(args) == 1 && c.showLists(t.name, nil, args[0]) {
		return nil
	}
	return errNotOperator(t.name, "The modes of a publisher's channel are fixed")
}

// showLists answers "+b" and the like. Exceptions we do not have.
func (c *client) showLists(name string, bans []ban, modes string) bool {
	modes = strings.TrimLeft(modes, "+")
	if modes == "" || strings.Trim(modes, "beI") != "" {
		return false
	}
	for _, mode := range modes {
		switch mode {
		case 'b':
			for _, b := range bans {
				c.reply("367", name, b.mask, b.by, itoa(b.at.Unix()))
			}
			c.reply("368", name, "End of the ban list")
		case 'e':
			c.reply("349", name, "End of the exception list")
		case 'I':
			c.reply("347", name, "End of the invite list")
		}
	}
	return true
}

// modeChange collects what was changed, for all to see.
type modeChange struct {
	modes  string
	sign   byte
	params []string
}

func (mc *modeChange) add(on bool, mode byte, param string) {
	sign := byte('-')
	if on {
		sign = '+'
	}
	if sign != mc.sign {
		mc.modes += string(sign)
		mc.sign = sign
	}
	mc.modes += string(mode)
	if param != "" {
		mc.params = append(mc.params, param)
	}
}

// channelMode changes the modes of a channel of people.
func (c *client) channelMode(ch *channel, args []string) error {
	if len(args) == 1 && c.showLists(ch.name, ch.bans, args[0]) {
		return nil
	}
	switch m := ch.members[c.person]; {
	case m == nil:
		return errNotOnChannel(ch.name)
	case !m.op:
		return errNotOperator(ch.name, "Only operators change modes")
	}
	var done modeChange
	on, params := true, args[1:]
	for i := range len(args[0]) {
		mode := args[0][i]
		if mode == '+' || mode == '-' {
			on = mode == '+'
			continue
		}
		var param string
		if strings.IndexByte("ovbk", mode) >= 0 || mode == 'l' && on {
			if len(done.params) == maxModes || len(params) == 0 && (on || mode != 'k') {
				continue
			}
			if len(params) > 0 {
				param, params = params[0], params[1:]
			}
		}
		if err := c.changeMode(ch, on, mode, param, &done); err != nil {
			c.answer("MODE", err)
		}
	}
	if done.modes != "" {
		m := c.message("MODE", append([]string{ch.name, done.modes}, done.params...)...)
		c.srv.keep(ch, &m)
		ch.sendOthers(c, m)
		c.respond(m)
	}
	return nil
}

func (c *client) changeMode(ch *channel, on bool, mode byte, param string, done *modeChange) error {
	switch mode {
	case 'i', 'm', 'n', 's', 't':
		if ch.has(mode) != on {
			ch.set(mode, on)
			done.add(on, mode, "")
		}
	case 'k':
		return c.changeKey(ch, on, param, done)
	case 'l':
		limit, err := strconv.ParseUint(param, 10, 31)
		if on && (err != nil || limit == 0) {
			return nil
		}
		if ch.limit != int(limit) {
			ch.limit = int(limit)
			done.add(on, 'l', param)
		}
	case 'o', 'v':
		return c.changeRank(ch, on, mode, param, done)
	case 'b':
		return c.changeBan(ch, on, param, done)
	default:
		return numeric("472", string(mode), "This server does not know this mode")
	}
	return nil
}

// changeKey takes any key away, whichever was named, and shows no key then.
func (c *client) changeKey(ch *channel, on bool, key string, done *modeChange) error {
	switch {
	case on && (key == "" || key[0] == ':' || len(key) > maxKeyLen || strings.ContainsAny(key, " ,")):
		return numeric("525", ch.name, "A key has 1 to "+itoa(maxKeyLen)+" bytes, no blank and no comma, and does not begin with a colon")
	case on && ch.key != key:
		ch.key = key
		done.add(true, 'k', key)
	case !on && ch.key != "":
		ch.key = ""
		done.add(false, 'k', "*")
	}
	return nil
}

func (c *client) changeRank(ch *channel, on bool, mode byte, nick string, done *modeChange) error {
	p := c.srv.nicks[foldNick(nick)]
	m := ch.members[p]
	if m == nil {
		return numeric("441", clip(nick), ch.name, "This person is not on the channel")
	}
	flag := &m.op
	if mode == 'v' {
		flag = &m.voice
	}
	if *flag != on {
		*flag = on
		done.add(on, mode, p.nick)
	}
	return nil
}

func (c *client) changeBan(ch *channel, on bool, mask string, done *modeChange) error {
	mask = completeMask(mask)
	at := -1
	for i, b := range ch.bans {
		if strings.EqualFold(b.mask, mask) {
			at = i
		}
	}
	switch {
	case on == (at >= 0):
		return nil
	case on && (len(ch.bans) == maxBans || len(mask) > maxMaskLen):
		return numeric("478", ch.name, "b", "A channel has at most "+itoa(maxBans)+" bans of "+itoa(maxMaskLen)+" bytes")
	case on:
		ch.bans = append(ch.bans, ban{mask, c.source(), time.Now()})
	default:
		ch.bans = append(ch.bans[:at], ch.bans[at+1:]...)
	}
	done.add(on, 'b', mask)
	return nil
}

// completeMask makes nick!user@host of what somebody typed.
func completeMask(mask string) string {
	mask = clip(mask)
	nick, rest, found := strings.Cut(mask, "!")
	if !found {
		if strings.Contains(mask, "@") {
			return "*!" + mask
		}
		return mask + "!*@*"
	}
	if !strings.Contains(rest, "@") {
		rest += "@*"
	}
	return nick + "!" + rest
}
