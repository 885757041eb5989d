package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/ircd"
)

// Chat says what is kept of what people say, and for how long. Zero does not
// limit.
type Chat struct {
	Channels bool `toml:"channels"` // in their channels
	Private  bool `toml:"private"`  // to one another
	MaxAge   Age  `toml:"max_age"`
	MaxCount int  `toml:"max_count"` // messages of one channel or conversation
	MaxTotal int  `toml:"max_total"` // messages of all
}

// Replay says how many lines from before are shown to who joins, if his client
// cannot ask for them itself.
type Replay struct {
	Text   int `toml:"text"`   // in readable channels
	Packed int `toml:"packed"` // in packed channels
	Chat   int `toml:"chat"`   // in people's channels, if what is said there is kept
}

func (c Chat) check(found *checker) {
	for _, limit := range []struct {
		key   string
		value int
	}{{"max_count", c.MaxCount}, {"max_total", c.MaxTotal}} {
		if limit.value < 0 {
			found.add(fmt.Errorf("%d must not be negative", limit.value), "chat", limit.key)
		}
	}
}

func (r Replay) check(found *checker) {
	for _, lines := range []struct {
		key   string
		value int
	}{{"text", r.Text}, {"packed", r.Packed}, {"chat", r.Chat}} {
		if lines.value < 0 || lines.value > ircd.MaxHistory {
			found.add(fmt.Errorf("%d must be between 0 and %d", lines.value, ircd.MaxHistory), "replay", lines.key)
		}
	}
}

// retainChat removes what people have said as the configuration says, and what
// accounts have said that there are no more.
func (b *Bus) retainChat(ctx context.Context) (removed int, err error) {
	chat := b.current().Chat
	removed, err = b.store.RetainChat(ctx, history.ChatRetention{
		MaxAge: time.Duration(chat.MaxAge), MaxCount: chat.MaxCount, MaxTotal: chat.MaxTotal,
	})
	if err != nil {
		return removed, err
	}
	accounts, err := b.accounts.List()
	if err != nil {
		return removed, err
	}
	there := make(map[string]bool, len(accounts))
	for _, a := range accounts {
		there[ircbus.Fold(a.Name)] = true
	}
	n, err := b.store.ForgetChat(ctx, func(owner string) bool { return there[owner] })
	return removed + n, err
}
