package ircd

import (
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// keep gives a message in a channel its msgid, if it has none, and keeps it for
// CHATHISTORY, if that is wanted. The caller then sends it.
func (s *Server) keep(ch *channel, m *message) {
	if s.cfg.Chat == nil || !s.cfg.KeepChannels || !m.worthKeeping() {
		return
	}
	if m.msgid == "" {
		m.msgid = s.nextMessageID()
	}
	s.inOrder(m)
	kept := m.kept()
	kept.Target = ch.name
	kept.Closed = ch.key != "" || ch.has('i') || ch.has('s')
	s.cfg.Chat.Keep(kept)
}

// inOrder sees to it that what is kept is never older than what was kept before,
// also after the clock was set back: its order is that of the times.
func (s *Server) inOrder(m *message) {
	if m.at.Before(s.lastKept) {
		m.at = s.lastKept
	}
	s.lastKept = m.at
}

// keepAll is keep for what concerns every channel of a person.
func (s *Server) keepAll(p *person, m *message) {
	for _, in := range p.channels.all() {
		s.keep(in.channel, m)
	}
}

// keepPrivate keeps a message of the client to somebody: a copy for each of them
// who has an account, since only by that can he be known again.
func (c *client) keepPrivate(to *person, m *message) {
	s := c.srv
	if s.cfg.Chat == nil || !s.cfg.KeepPrivate || !m.worthKeeping() {
		return
	}
	s.inOrder(m)
	kept := m.kept()
	if c.account != "" {
		kept.Owner, kept.Target = c.account, to.accountOrNick()
		s.cfg.Chat.Keep(kept)
	}
	if to.account != "" && foldNick(to.account) != foldNick(c.account) {
		kept.Owner, kept.Target = to.account, c.accountOrNick()
		s.cfg.Chat.Keep(kept)
	}
}

// worthKeeping is false for what means nothing later: who is typing, and what
// clients ask each other behind the scenes (CTCP).
func (m *message) worthKeeping() bool {
	if m.command == "TAGMSG" {
		for tag := range strings.SplitSeq(m.client, ";") {
			if name, _, _ := strings.Cut(tag, "="); name != "+typing" && name != "+draft/typing" {
				return true
			}
		}
		return false
	}
	return m.command != "PRIVMSG" && m.command != "NOTICE" || !m.isRequest()
}

// isRequest reports whether the message is a CTCP other than ACTION
// (modern.ircdocs.horse/ctcp), as a whole or in a line that some get alone.
func (m *message) isRequest() bool {
	isRequest := func(text string) bool {
		return strings.HasPrefix(text, "\x01") && !strings.HasPrefix(text, actionPrefix)
	}
	return isRequest(m.text()) || slices.ContainsFunc(m.lines, func(l textLine) bool { return isRequest(l.text) })
}

// actionPrefix begins what /me says.
const actionPrefix = "\x01ACTION "

// text is the whole text of a PRIVMSG or NOTICE, with line feeds between lines.
func (m *message) text() string {
	if len(m.lines) == 0 {
		return m.params[len(m.params)-1]
	}
	var text strings.Builder
	for i, line := range m.lines {
		if i > 0 && !line.concat {
			text.WriteByte('\n')
		}
		text.WriteString(line.text)
	}
	return text.String()
}

// kept is the message as it is stored.
func (m *message) kept() ircbus.Message {
	kept := ircbus.Message{
		At: m.at.UTC().Truncate(time.Microsecond), MsgID: m.msgid, Source: m.source, Account: m.account,
		Command: m.command, Params: m.params, Tags: m.client, Bot: m.bot,
	}
	if len(m.lines) > 0 {
		kept.Params = []string{m.params[0], m.text()}
	}
	return kept
}
