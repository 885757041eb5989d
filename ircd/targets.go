package ircd

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ircbus/ircbus"
)

// askTargets shows in which of its channels and with whom the client has
// messages whose last is of a certain time
// (ircv3.net/specs/extensions/chathistory, "TARGETS").
func (c *client) askTargets(q *question) {
	t := &targets{limit: q.limit, from: q.refs[0], to: q.refs[1], chat: c.srv.cfg.Chat, account: c.account, made: c.enrolled}
	if t.desc = t.to.at.Before(t.from.at); t.desc {
		t.from, t.to = t.to, t.from
	}
	t.private = c.srv.cfg.KeepPrivate && t.chat != nil && c.account != ""
	for _, v := range c.views.all() {
		if view, err := ircbus.ParseView(v.name); err == nil {
			t.add(v.name, c.srv.pastOf(v.view.of, v.name, view))
		}
	}
	for _, m := range c.channels.all() {
		p := c.pastIn(m.channel)
		p.query.Texts = true
		t.add(m.channel.name, p)
	}
	c.lookups = append(c.lookups, lookup{
		read: t.read,
		show: func(err error) error {
			if err != nil {
				return c.historyFailed(q, err)
			}
			c.showTargets(t)
			return nil
		},
	})
}

func (c *client) showTargets(t *targets) {
	nicks := make(map[lcNick]string) // of accounts
	if len(t.conversations) > 0 {
		for _, p := range c.srv.nicks {
			if p.account != "" && len(p.clients) > 0 {
				nicks[foldNick(p.account)] = p.nick
			}
		}
	}
	for _, with := range t.conversations {
		if nick := nicks[foldNick(with.With)]; nick != "" {
			with.With = nick
		}
		t.found = append(t.found, with)
	}
	t.sort()
	c.showHistory("draft/chathistory-targets", "", func() {
		for _, found := range t.found {
			c.respond(message{source: c.srv.cfg.Name, command: "CHATHISTORY",
				params: []string{"TARGETS", found.With, found.At.UTC().Format(timeTag)}})
		}
	})
}

// targets is what TARGETS looks for.
type targets struct {
	from, to *reference // neither included
	limit    int
	desc     bool // the latest count first

	names []string
	pasts []past

	chat    Chat
	private bool // the account's conversations, too
	account string
	made    time.Time // the account

	found, conversations []ircbus.Conversation
}

func (t *targets) add(name string, p past) {
	t.names, t.pasts = append(t.names, name), append(t.pasts, p)
}

// read finds the last message of every channel, and the conversations.
func (t *targets) read(ctx context.Context) error {
	from, to := t.from.at.Add(t.from.unit), t.to.at
	for i, p := range t.pasts {
		last, err := p.page(ctx, span{limit: 1, desc: true})
		if err != nil && !errors.Is(err, ErrUnfinished) {
			return err
		}
		if len(last) == 1 && !last[0].at().Before(from) && last[0].at().Before(to) {
			t.found = append(t.found, ircbus.Conversation{With: t.names[i], At: last[0].at()})
		}
	}
	if !t.private {
		return nil
	}
	if from.Before(t.made) {
		from = t.made
	}
	var err error
	t.conversations, err = t.chat.Conversations(ctx, t.account, from, to, t.limit, t.desc)
	return err
}

// sort leaves those that count, the earliest first.
func (t *targets) sort() {
	slices.SortStableFunc(t.found, func(a, b ircbus.Conversation) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.With, b.With))
	})
	if over := len(t.found) - t.limit; over > 0 && t.desc {
		t.found = t.found[over:]
	} else if over > 0 {
		t.found = t.found[:t.limit]
	}
}
