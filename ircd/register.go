package ircd

import (
	"fmt"
	"time"
)

// register completes the registration once everything is there: NICK, USER, the
// end of the capability negotiation, and the login, if any
// (modern.ircdocs.horse/#connection-registration). An error ends the
// connection.
func (c *client) register() error {
	if c.registered || !c.ready() { // only the read loop changes it
		return nil
	}
	if err := c.usePass(); err != nil {
		return err
	}
	s := c.srv
	c.lock()
	defer c.unlock()
	defer c.flush()
	if k := s.banned(c); k != nil {
		c.reply("465", "You are banned from this server: "+k.Reason)
		return errQuit(k.because())
	}
	p := s.personFor(c)
	switch {
	case s.full() && !c.mayOper:
		why := "The server is full: only operators may connect now"
		s.log.Warn("the server is full: only operators may connect", "connections", len(s.clients))
		c.reply("437", "*", why)
		return errQuit(why)
	case s.cfg.Password != nil && c.account == "" && !c.admitted:
		why := "This server wants its password (PASS), or that you log in"
		c.reply("464", why)
		return errQuit(why)
	case s.cfg.RequireLogin && c.account == "" && !c.admitted:
		why := "This bus wants you to log in: use SASL, or the server password account:password"
		c.fail(&failure{command: "*", code: "ACCOUNT_REQUIRED", reason: why, numeric: "464"})
		return errQuit(why)
	case p == nil:
		nick := c.nick
		c.nick, c.nickRefused = "", true
		c.reply("433", nick, s.taken(nick, c.person))
		return nil
	}
	if c.sasl != nil { // ircv3.net/specs/extensions/sasl-3.1
		c.sasl = nil
		c.reply("906", "The login was aborted, since the registration is complete")
	}
	s.nicks[foldNick(p.nick)] = p
	c.attach(p)
	c.registered, c.password, c.said = true, "", nil
	s.registered++
	c.leaveRegistering()
	s.stats.registered.Add(1)
	c.welcome()
	c.replyMarkers()
	for _, m := range c.channels.all() {
		c.enter(m.channel)
		c.replayChannel(m.channel)
	}
	c.openInbox()
	c.lookUp("JOIN")
	return nil
}

// personFor is whose connection this will be: the publisher's whose account it
// has, the one of the same account that has the nick, or its own. It is nil if
// the nick is another's.
func (s *Server) personFor(c *client) *person {
	if pub := s.publishers[foldNick(c.account)]; c.account != "" && pub != nil {
		return pub.person
	}
	switch holder := s.nicks[foldNick(c.nick)]; {
	case s.reserved(c.nick, c.person) != "":
		return nil
	case holder == nil:
		return c.person
	case c.sharesAccount(holder):
		return holder
	}
	return nil
}

func (c *client) sharesAccount(p *person) bool {
	return c.account != "" && foldNick(p.account) == foldNick(c.account)
}

func (c *client) ready() bool {
	c.lock()
	defer c.unlock()
	return !c.registered && !c.negotiating && c.user != "" && c.nick != ""
}

// welcome greets a client that has registered
// (modern.ircdocs.horse/#rplwelcome-001).
func (c *client) welcome() {
	s := c.srv
	c.reply("001", fmt.Sprintf("Welcome to %s, %s", s.cfg.Network, c.source()))
	c.reply("002", fmt.Sprintf("Your host is %s, running version %s", s.cfg.Name, s.cfg.Version))
	c.reply("003", "This server was started "+s.started.UTC().Format(time.RFC1123))
	c.reply("004", s.cfg.Name, clip(s.cfg.Version), userModes, channelModes, paramModes)
	c.isupport()
	c.lusers()
	c.motd()
}
