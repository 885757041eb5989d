package ircd

import (
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// person is somebody on IRC: a nick with the connections that share it, as with
// a bouncer. They are in people's channels together; views of feeds each has for
// itself. A publisher's person is there whether it is connected or not. Before
// its registration a connection has a person for itself, whom nobody knows.
// Everything else is guarded by Server.mu.
type person struct {
	active atomic.Int64 // when it did something last, Unix seconds; 0: never

	nick       string // what NICK asked for, before registration
	user, host string
	real       string
	account    string
	enrolled   time.Time  // when the account was made; zero if that is not known
	mayOper    bool       // account is an operator's
	publisher  *publisher // whose person this is, or nil
	invisible  bool       // user mode i
	bot        bool       // user mode B
	wallops    bool       // user mode w
	operator   string     // user mode o: the operator's account by which; or ""
	away       string
	clients    []*client // those that have registered
	channels   assoc[membership]
	invited    []invitation
	since      time.Time
	read       map[string]time.Time // read markers of who has no account, by folded target
}

// membership is a person's presence in a channel of people.
type membership struct {
	channel *channel
	rank
}

// rank is what somebody may do in a channel.
type rank struct{ op, voice bool }

// prefix is the membership prefix, all of it for multi-prefix.
func (r rank) prefix(all bool) string {
	switch {
	case r.op && r.voice && all:
		return "@+"
	case r.op:
		return "@"
	case r.voice:
		return "+"
	}
	return ""
}

// prefixes are all membership prefixes.
const prefixes = "@+"

// reached reports whether a message to members with these prefixes is also for
// this rank: the lowest counts.
func (r rank) reached(prefix string) bool {
	switch {
	case strings.Contains(prefix, "+"):
		return r.op || r.voice
	case prefix != "":
		return r.op
	}
	return true
}

// source is who others see speaking.
func (p *person) source() string { return p.nick + "!" + p.user + "@" + p.host }

// isBot reports whether the person is a program, as publishers are.
func (p *person) isBot() bool { return p.bot || p.publisher != nil }

// accountOrNick names somebody in what others keep of their conversations.
func (p *person) accountOrNick() string {
	if p.account != "" {
		return p.account
	}
	return p.nick
}

// touch notes that the person did something.
func (p *person) touch() { p.active.Store(time.Now().Unix()) }

// idle is for how many seconds the person has done nothing.
func (p *person) idle() int { return int(time.Now().Unix() - max(p.since.Unix(), p.active.Load())) }

// secure reports whether TLS protects every connection of the person.
func (p *person) secure() bool {
	return !slices.ContainsFunc(p.clients, func(c *client) bool { return !c.conn.isSecure() })
}

// message is what the person does, for others to see.
func (p *person) message(command string, params ...string) message {
	return message{
		source: p.source(), command: command, params: params,
		at: time.Now(), account: p.account, bot: p.isBot(),
	}
}

// send sends to all connections of the person but one, which may be nil.
func (p *person) send(but *client, m message) {
	for _, c := range p.clients {
		if c != but {
			c.send(m)
		}
	}
}

// neighbours yields the connections of everybody who shares a person's channel
// with the person, once, and the person's own, but for one. In feeds nobody sees
// anybody (docs/protocol.md, "Channels").
func (p *person) neighbours(but *client) iter.Seq[*client] {
	return func(yield func(*client) bool) {
		seen := map[*person]bool{}
		visit := func(other *person) bool {
			if seen[other] {
				return true
			}
			seen[other] = true
			for _, c := range other.clients {
				if c != but && !yield(c) {
					return false
				}
			}
			return true
		}
		if !visit(p) {
			return
		}
		for _, m := range p.channels.all() {
			for other := range m.channel.members {
				if !visit(other) {
					return
				}
			}
		}
	}
}

// join puts the person into the channel, without a word.
func (p *person) join(ch *channel, r rank) {
	m := &membership{channel: ch, rank: r}
	key := foldChan(ch.name)
	p.channels.add(key, m)
	ch.members[p] = m
	p.invited = slices.DeleteFunc(p.invited, func(i invitation) bool { return foldChan(i.name) == key })
}

// leave takes the person out of the channel, without a word. A channel without
// people ends.
func (s *Server) leave(p *person, ch *channel) {
	key := foldChan(ch.name)
	p.channels.remove(key)
	delete(ch.members, p)
	if len(ch.members) == 0 && s.channels[key] == ch {
		delete(s.channels, key)
	}
}

// attach makes the connection one of the person's.
func (c *client) attach(p *person) {
	first := len(p.clients) == 0
	if first {
		c.srv.count(p, 1)
	}
	c.person = p
	p.clients = append(p.clients, c)
	if first && p.publisher == nil {
		c.srv.appeared(p)
	}
	c.srv.settleAway(p, c)
	if p.publisher != nil {
		c.own = newOwn()
	}
	c.kept.Store(nil)
	c.setExempt()
}

// setExempt frees publishers and operators of the limit on lines.
func (c *client) setExempt() { c.exempt.Store(c.publisher != nil || c.isOperator()) }

// detach takes the connection from its person, who ends with the last one
// unless it is a publisher's.
func (c *client) detach() {
	p, s := c.person, c.srv
	p.clients = slices.DeleteFunc(p.clients, func(other *client) bool { return other == c })
	if len(p.clients) > 0 {
		s.settleAway(p, nil)
		return
	}
	for _, m := range p.channels.all() {
		s.leave(p, m.channel)
	}
	s.count(p, -1)
	p.away, p.invited, p.operator, p.wallops = "", nil, "", false
	if key := foldNick(p.nick); p.publisher == nil && s.nicks[key] == p {
		delete(s.nicks, key)
		s.vanished(p, c)
	}
}

// become makes a registered connection another person's, whose nick it gets.
// It stays in the channels in which it is, and finds itself in those in which
// that person is.
func (c *client) become(p *person) {
	old := c.person
	alone, present := len(old.clients) == 1, len(p.clients) > 0
	theirs := p.channels
	c.announceBecoming(p)
	for key, m := range old.channels.all() { // which last as long as old is there
		if theirs.get(key) != nil {
			theirs.remove(key)
			continue
		}
		r := m.rank
		if !alone {
			r = rank{} // it stays with the others
		}
		p.join(m.channel, r)
		if present || !alone {
			p.announceJoin(c, m.channel)
		}
	}
	c.detach()
	c.attach(p)
	for _, m := range theirs.all() {
		c.enter(m.channel)
	}
	if !present {
		c.announceAccount()
	}
	c.rerender()
}

// announceBecoming tells others of the new nick. If that person is there
// already, they may know both: for them the old nick quits.
func (c *client) announceBecoming(p *person) {
	renamed := c.message("NICK", p.nick)
	moved := c.message("CHGHOST", p.user, p.host) // ircv3.net/specs/extensions/chghost
	moved.source = p.nick + "!" + c.user + "@" + c.host
	if len(c.clients) == 1 {
		if len(p.clients) > 0 {
			c.announceQuit("Logged in as " + p.account)
		} else {
			for other := range c.neighbours(c) {
				other.send(renamed)
				if other.caps.has(capChghost) {
					other.send(moved)
				}
			}
		}
	}
	c.respond(renamed)
	c.confirm(capChghost, moved)
}

// announceQuit tells the neighbours.
func (c *client) announceQuit(reason string) {
	gone := c.message("QUIT", reason)
	c.srv.keepAll(c.person, &gone)
	gone.share()
	for other := range c.neighbours(c) {
		other.send(gone)
	}
}

// announceJoin shows the person's entry to everybody in the channel but the
// connection that caused it. Its other connections find themselves there.
func (p *person) announceJoin(by *client, ch *channel) {
	for other := range ch.others(by) {
		if other.person == p {
			other.unasked(func() { other.enter(ch) })
		} else {
			other.send(p.joinMessage(ch.name, other.caps))
			if p.away != "" && other.caps.has(capAwayNotify) {
				other.send(p.awayMessage())
			}
		}
	}
}

// rename gives a person who has registered another nick and tells everybody
// concerned; by is the connection that asked for it, or nil.
func (s *Server) rename(p *person, by *client, nick string) {
	renamed := p.message("NICK", nick)
	s.keepAll(p, &renamed)
	renamed.share()
	for other := range p.neighbours(by) {
		other.send(renamed)
	}
	if by != nil {
		by.respond(renamed)
	}
	same := foldNick(nick) == foldNick(p.nick)
	if key := foldNick(p.nick); s.nicks[key] == p {
		delete(s.nicks, key)
	}
	if !same {
		s.vanished(p, p.clients[0]) // only publishers have none, and they keep their nicks
	}
	p.nick = nick
	s.nicks[foldNick(nick)] = p
	if !same {
		s.appeared(p)
	}
}
