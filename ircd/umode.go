package ircd

// userModes are all user modes, for 004 (modern.ircdocs.horse/#user-modes).
const userModes = "Biow"

// userMode shows or changes one's own modes: i invisible, w gets WALLOPS, B a
// program, and o operator, which OPER gives and MODE can only take away.
func (c *client) userMode(nick string, args []string) error {
	if foldNick(nick) != foldNick(c.nick) {
		if c.srv.nicks[foldNick(nick)] == nil {
			return errNoSuchNick(nick)
		}
		return numeric("502", "You can only see and change your own modes")
	}
	if len(args) == 0 {
		c.reply("221", c.modes())
		return nil
	}
	var done modeChange
	on, unknown := true, false
	for _, mode := range []byte(args[0]) {
		if mode == '+' || mode == '-' {
			on = mode == '+'
		} else if changed, known := c.changeUserMode(mode, on); changed {
			done.add(on, mode, "")
		} else if !known {
			unknown = true
		}
	}
	if done.modes != "" {
		c.announceModes(c, done.modes)
	}
	if unknown {
		c.reply("501", "The user modes of this server are "+userModes)
	}
	return nil
}

// modes are the person's user modes.
func (p *person) modes() string {
	modes := "+"
	for _, mode := range []struct {
		on   bool
		name string
	}{{p.invisible, "i"}, {p.isOperator(), "o"}, {p.wallops, "w"}, {p.isBot(), "B"}} {
		if mode.on {
			modes += mode.name
		}
	}
	return modes
}

// changeUserMode changes one mode of the person, silently.
func (c *client) changeUserMode(mode byte, on bool) (changed, known bool) {
	p := c.person
	flag := map[byte]*bool{'i': &p.invisible, 'w': &p.wallops, 'B': &p.bot}[mode]
	switch {
	case mode == 'o':
		return !on && c.srv.layDown(p), true
	case flag == nil:
		return false, false
	case *flag == on:
		return false, true
	}
	c.srv.count(p, -1)
	*flag = on
	c.srv.count(p, 1)
	return true, true
}
