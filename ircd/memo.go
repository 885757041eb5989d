package ircd

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// Memos keeps what programs have to tell people until they have it; see
// history.Memos.
type Memos interface {
	Leave(ctx context.Context, m ircbus.Memo) (kept ircbus.Memo, isNew bool, err error)
	Waiting(ctx context.Context, account string) ([]ircbus.Memo, error)
	Given(ctx context.Context, account string, upTo uint64) error
}

// inbox is what a connection has got of its account's memos. Guarded by
// Server.mu.
type inbox struct {
	account string // whose memos it has, folded; "" before its login
	opened  bool   // has all that had been waiting; until then early gathers what comes
	early   []ircbus.Memo
	last    uint64 // id of the last that it has
}

// Notify tells a person something: a private message of its publisher m.From to
// the account m.To. It returns when that is on disk. All of the person's
// connections get it at once; if there are none, or they end before the client
// has answered the PING behind it, it is given at the next login. The error is
// an *ircbus.Refusal or ctx's.
func (s *Server) Notify(ctx context.Context, m ircbus.Memo) error {
	if s.cfg.Memos == nil {
		return ircbus.Refuse(ircbus.NotPublisher, "nothing can be told to people here")
	}
	m, err := ircbus.AcceptMemo(m)
	if err != nil {
		return err
	}
	s.notifying.Lock()
	defer s.notifying.Unlock()
	m, isNew, err := s.cfg.Memos.Leave(ctx, m)
	if err != nil || !isNew {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keepMemo(&m)
	for c := range s.clients {
		switch box := &c.inbox; {
		case !c.registered || box.account != ircbus.Fold(m.To):
		case box.opened:
			c.unasked(func() { c.give(m) })
		default:
			box.early = append(box.early, m)
		}
	}
	return nil
}

// openInbox gives the client, who has logged in, what is waiting for its
// account.
func (c *client) openInbox() {
	key := ircbus.Fold(c.account)
	if c.srv.cfg.Memos == nil || !c.scope.Allows(ircbus.ScopeRead) || key == "" || c.inbox.account == key {
		return
	}
	c.inbox = inbox{account: key}
	var waiting []ircbus.Memo
	c.lookups = append(c.lookups, lookup{
		holds: !c.registered || len(c.response) > 0, // the greeting comes first
		read: func(ctx context.Context) (err error) {
			waiting, err = c.srv.cfg.Memos.Waiting(ctx, key)
			return err
		},
		show: func(err error) error {
			switch {
			case c.inbox.account != key:
				return nil // it has become another's meanwhile
			case err != nil:
				c.inbox = inbox{} // a later PONG tries again
				if !errors.Is(err, context.Canceled) {
					c.log().Warn("what is waiting for somebody could not be read", "account", key, "err", err)
				}
				return nil
			}
			c.give(append(waiting, c.inbox.early...)...)
			c.inbox.opened, c.inbox.early = true, nil
			return nil
		},
	})
}

// give adds memos to the answer, in order, but for those that the client has, and
// a PING whose answer tells that it has got them.
func (c *client) give(memos ...ircbus.Memo) {
	slices.SortFunc(memos, func(a, b ircbus.Memo) int { return cmp.Compare(a.ID, b.ID) })
	given := false
	for i := range memos {
		if memos[i].ID <= c.inbox.last {
			continue
		}
		c.inbox.last, given = memos[i].ID, true
		for _, m := range c.srv.memoMessages(&memos[i], c.nick, c.caps) {
			c.respond(m)
		}
	}
	if given {
		c.respond(message{command: "PING", params: []string{memoPing + strconv.FormatUint(c.inbox.last, 10)}})
	}
}

// memoPing begins the token of the PING behind a memo.
const memoPing = "memo-"

// gotMemos notes that the client has answered the PING behind its memos.
func (c *client) gotMemos(msg *ircmsg.Message) {
	if len(msg.Params) == 0 || c.srv.cfg.Memos == nil {
		return
	}
	token, ok := strings.CutPrefix(msg.Params[len(msg.Params)-1], memoPing)
	upTo, err := strconv.ParseUint(token, 10, 63)
	account := c.inbox.account
	if !ok || err != nil || account == "" || upTo > c.inbox.last {
		return
	}
	c.lookups = append(c.lookups, lookup{
		write: true,
		read:  func(ctx context.Context) error { return c.srv.cfg.Memos.Given(ctx, account, upTo) },
		show: func(err error) error {
			if err != nil {
				c.log().Warn("it could not be noted that somebody has his messages: he will get them again", "account", account, "err", err)
			}
			return nil
		},
	})
}

// memoMessages are the lines of a memo to a client of the nick. Where the client
// does not know server-time, one that is not of this minute begins with its
// time.
func (s *Server) memoMessages(memo *ircbus.Memo, nick string, caps capSet) []message {
	m := message{
		source: s.sourceOf(memo.From), command: "PRIVMSG", params: []string{nick}, at: memo.At,
		msgid: memoID(memo.ID), account: memo.From, bot: true,
	}
	text := memo.Text
	if !caps.has(capServerTime) && time.Since(memo.At) > time.Minute {
		text = memo.At.UTC().Format(stampLayout) + text
	}
	room := maxLine - len(":"+m.source+" PRIVMSG "+nick+" :\r\n")
	if !strings.Contains(text, "\n") && len(text) <= room {
		m.params = append(m.params, text)
		return []message{m}
	}
	for line := range strings.SplitSeq(text, "\n") {
		m.lines = append(m.lines, splitText(line, room)...)
	}
	return m.forCaps(caps)
}

// memoID is the msgid of a memo. It cannot be mistaken for an event's id or that of
// a message between people.
func memoID(id uint64) string { return "n" + strconv.FormatUint(id, 36) }

// keepMemo keeps the person's copy of a memo for CHATHISTORY, if conversations are
// kept.
func (s *Server) keepMemo(memo *ircbus.Memo) {
	if s.cfg.Chat == nil || !s.cfg.KeepPrivate {
		return
	}
	s.cfg.Chat.Keep(ircbus.Message{
		Owner: memo.To, Target: memo.From, At: memo.At, MsgID: memoID(memo.ID), Source: s.sourceOf(memo.From),
		Account: memo.From, Command: "PRIVMSG", Params: []string{memo.To, memo.Text}, Bot: true,
	})
}

// sourceOf is who is seen speaking for an account, also if there is no such
// publisher any more.
func (s *Server) sourceOf(publisher string) string {
	return publisher + "!" + publisher + "@" + s.cfg.Name
}
