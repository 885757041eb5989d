package ircd

import (
	"maps"
	"slices"
	"strings"

	"github.com/ergochat/irc-go/ircmsg"

	"github.com/ircbus/ircbus"
)

// Limits of MONITOR.
const (
	maxMonitor  = 100 // nicks that one connection may monitor
	monitorLine = 400 // bytes of nicks in a line
)

// cmdMonitor asks to be told when people come and go
// (ircv3.net/specs/extensions/monitor).
func (c *client) cmdMonitor(msg *ircmsg.Message) error {
	var targets []string
	if len(msg.Params) > 1 {
		targets = strings.FieldsFunc(msg.Params[1], func(r rune) bool { return r == ',' })
	}
	switch sub := strings.ToUpper(msg.Params[0]); {
	case sub == "C":
		c.unmonitorAll()
	case sub == "L":
		c.replyTargets("732", slices.Sorted(maps.Values(c.monitored)))
		c.reply("733", "End of MONITOR list")
	case sub == "S":
		c.replyStatus(slices.Sorted(maps.Values(c.monitored)))
	case len(targets) == 0:
		return errNeedMoreParams("MONITOR")
	case sub == "+":
		c.addMonitored(targets)
	case sub == "-":
		for _, nick := range targets {
			c.unmonitor(foldNick(nick))
		}
	default:
		return numeric("400", "MONITOR", "MONITOR is followed by +, -, C, L or S")
	}
	return nil
}

// addMonitored puts nicks on the list up to its limit and tells who of them is
// here.
func (c *client) addMonitored(nicks []string) {
	var added, left []string
	for _, nick := range nicks {
		switch {
		case c.monitored[foldNick(nick)] != "":
		case !validNick(nick):
			c.reply("432", clip(nick), "This cannot be a nick")
		case len(c.monitored) >= maxMonitor:
			left = append(left, nick)
		default:
			c.monitor(nick)
			added = append(added, nick)
		}
	}
	c.replyStatus(added)
	for _, nick := range added {
		if c.srv.nicks[foldNick(nick)] == nil {
			if publisher := c.nearPublisher(nick); publisher != "" {
				c.tell(c.name(), "Nobody is "+nick+" now"+ircbus.DidYouMean(publisher))
			}
		}
	}
	for _, some := range wrap(left, monitorLine) {
		if len(some) > 0 {
			c.reply("734", itoa(maxMonitor), strings.Join(some, ","), "Your list for MONITOR is full")
		}
	}
}

// replyStatus tells who of the nicks is here and who is not.
func (c *client) replyStatus(nicks []string) {
	var here, gone []string
	for _, nick := range nicks {
		if p := c.srv.nicks[foldNick(nick)]; p != nil {
			here = append(here, p.source())
		} else {
			gone = append(gone, nick)
		}
	}
	c.replyTargets("730", here)
	c.replyTargets("731", gone)
}

// replyTargets lists nicks, in as many lines as it takes.
func (c *client) replyTargets(code string, targets []string) {
	for _, some := range wrap(targets, monitorLine) {
		if len(some) > 0 {
			c.reply(code, strings.Join(some, ","))
		}
	}
}
