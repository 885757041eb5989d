package ircd

import (
	"strconv"
	"strings"
)

// Channel modes by their types (modern.ircdocs.horse/#mode-message).
const (
	listModes = "beI"    // A: a list of masks
	keyMode   = "k"      // B: always with a parameter
	limitMode = "l"      // C: with a parameter when set
	flagModes = "Cimnst" // D: without; C keeps CTCP out, ACTION excepted
	rankModes = "ov"     // of members, as ISUPPORT PREFIX has them

	paramModes   = listModes + keyMode + limitMode + rankModes
	channelModes = flagModes + paramModes

	maxModes = 8 // changes with a parameter in one line
)

// change is one of the changes that a MODE asks for.
type change struct {
	on    bool
	mode  rune
	param string
	given bool // there is a parameter
}

// asks reports whether it changes nothing: it asks for a list.
func (w change) asks() bool { return !w.given && strings.ContainsRune(listModes, w.mode) }

// parseChanges takes apart what follows the channel in a MODE.
func parseChanges(args []string) []change {
	var changes []change
	on, params := true, args[1:]
	for _, mode := range args[0] {
		if mode == '+' || mode == '-' {
			on = mode == '+'
			continue
		}
		want := change{on: on, mode: mode}
		takes := strings.ContainsRune(paramModes, mode) && (on || mode != 'l')
		if takes && len(params) > 0 {
			want.param, want.given, params = params[0], true, params[1:]
		}
		changes = append(changes, want)
	}
	return changes
}

// change carries out one change and reports whether it was one. Then w has the
// parameter that others see.
func (c *client) change(ch *channel, w *change) (bool, error) {
	switch {
	case strings.ContainsRune(flagModes, w.mode):
		changed := ch.has(w.mode) != w.on
		ch.set(w.mode, w.on)
		return changed, nil
	case strings.ContainsRune(paramModes, w.mode) && !w.given && (w.on || strings.ContainsRune(rankModes, w.mode)):
		return false, nil // as the standard wants
	case w.mode == 'k':
		return ch.changeKey(w)
	case w.mode == 'l':
		return ch.changeLimit(w)
	case strings.ContainsRune(rankModes, w.mode):
		return c.changeRank(ch, w)
	case strings.ContainsRune(listModes, w.mode):
		return c.changeList(ch, w)
	}
	return false, numeric("472", string(w.mode), "This server does not know this mode")
}

// errModeParam says what is wrong with a mode's parameter
// (modern.ircdocs.horse/#errinvalidmodeparam-696).
func errModeParam(ch *channel, w *change, why string) error {
	return numeric("696", ch.name, string(w.mode), clip(w.param), why)
}

// changeKey takes any key away, whichever was named, and shows no key then, nor
// one that is refused.
func (ch *channel) changeKey(w *change) (bool, error) {
	old, key := ch.key, w.param
	switch {
	case !w.on:
		ch.key, w.param = "", "*"
		return old != "", nil
	case key == "" || key[0] == ':' || len(key) > maxKeyLen || strings.ContainsAny(key, " ,"):
		w.param = "*"
		return false, errModeParam(ch, w, "A key has 1 to "+itoa(maxKeyLen)+" bytes, no blank and no comma, and does not begin with a colon")
	}
	ch.key = key
	return old != key, nil
}

func (ch *channel) changeLimit(w *change) (bool, error) {
	old, limit := ch.limit, uint64(0)
	if w.on {
		var err error
		if limit, err = strconv.ParseUint(w.param, 10, 31); err != nil || limit == 0 {
			return false, errModeParam(ch, w, "A limit is a number from 1 on")
		}
		w.param = itoa(limit)
	}
	ch.limit = int(limit)
	return old != ch.limit, nil
}

func (c *client) changeRank(ch *channel, w *change) (bool, error) {
	p := c.srv.nicks[foldNick(w.param)]
	m := ch.members[p]
	switch {
	case p == nil:
		return false, errNoSuchNick(w.param)
	case m == nil:
		return false, errNotThere(p, ch)
	}
	flag := &m.op
	if w.mode == 'v' {
		flag = &m.voice
	}
	old := *flag
	*flag, w.param = w.on, p.nick
	return old != w.on, nil
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

// size is how many bytes it takes in a line.
func (mc *modeChange) size() int {
	n := len(mc.modes)
	for _, param := range mc.params {
		n += 1 + len(param)
	}
	return n
}

// announce tells everybody in the channel of changes, in as many lines as they
// need.
func (ch *channel) announce(by *client, changes []change) {
	room := maxLine - len(":"+by.source()+" MODE "+ch.name+" \r\n")
	var line modeChange
	flush := func() {
		if line.modes != "" {
			m := by.message("MODE", append([]string{ch.name, line.modes}, line.params...)...)
			by.srv.keep(ch, &m)
			ch.sendOthers(by, m)
			by.respond(m)
		}
		line = modeChange{}
	}
	for _, w := range changes {
		if line.size()+len("+x ")+len(w.param) > room {
			flush()
		}
		line.add(w.on, byte(w.mode), w.param)
	}
	flush()
}
