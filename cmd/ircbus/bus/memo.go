package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history/sqlite"
	"github.com/ircbus/ircbus/ircd/account"
)

// Memos says what is kept of what doors tell people until they have it. Zero
// does not limit.
type Memos struct {
	MaxAge   Age `toml:"max_age"`
	MaxCount int `toml:"max_count"` // that wait for one person
}

func (m Memos) check(found *checker) {
	if m.MaxCount < 0 {
		found.add(fmt.Errorf("%d must not be negative", m.MaxCount), "memos", "max_count")
	}
}

// limitedMemos is the store as the IRC server keeps memos in it.
type limitedMemos struct {
	*sqlite.Store
	bus *Bus
}

// Leave keeps a memo within the configuration's limit.
func (l limitedMemos) Leave(ctx context.Context, m ircbus.Memo) (ircbus.Memo, bool, error) {
	return l.Store.Leave(ctx, m, l.bus.current().Memos.MaxCount)
}

// person is the account of a person whom a door names.
func (b *Bus) person(name string) (string, error) {
	if known := b.directory.person(name); known != "" {
		return known, nil
	}
	// Another process may have made the account just now.
	if a, err := b.accounts.Get(name); err == nil && a.Role != account.Publisher {
		return a.Name, nil
	}
	return "", ircbus.Refuse(ircbus.NotPublisher, "there is no person with the account %.80q", name)
}

// notify tells a person what a door has for him; see ircd.Server.Notify.
func (b *Bus) notify(ctx context.Context, m ircbus.Memo) error {
	if !b.directory.knows(m.From) {
		return ircbus.Refuse(ircbus.NotPublisher, "there is no publisher %q any more", m.From)
	}
	return b.irc.Notify(ctx, m)
}

// retainMemos removes memos that are too old, and those of accounts that there
// are no more.
func (b *Bus) retainMemos(ctx context.Context) (removed int, err error) {
	accounts, err := b.accounts.List()
	if err != nil {
		return 0, err
	}
	there := make(map[string]bool, len(accounts))
	for _, a := range accounts {
		there[ircbus.Fold(a.Name)] = true
	}
	return b.store.RetainMemos(ctx, time.Duration(b.current().Memos.MaxAge), func(account string) bool { return there[account] })
}
