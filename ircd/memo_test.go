package ircd

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history/sqlite"
)

// memoStore is the real store with a limit.
type memoStore struct{ *sqlite.Store }

func (s memoStore) Leave(ctx context.Context, m ircbus.Memo) (ircbus.Memo, bool, error) {
	return s.Store.Leave(ctx, m, 100)
}

// withMemos lets the server keep memos, and conversations too.
func withMemos(t testing.TB) (*sqlite.Store, func(*Config)) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store, func(c *Config) { c.Memos, c.Chat, c.KeepPrivate = memoStore{store}, store, true }
}

func (b *bus) notify(to, text, key string) {
	b.t.Helper()
	if err := b.Notify(b.t.Context(), ircbus.Memo{From: "moin", To: to, Text: text, Key: key}); err != nil {
		b.t.Fatal(err)
	}
}

// logIn registers a person who logs in with PASS, and returns what comes then.
func (b *bus) logIn(account, nick string, caps ...string) (*user, []string) {
	b.t.Helper()
	u := b.dial()
	u.send("CAP REQ :"+strings.Join(caps, " "), "PASS "+account+":secret", "NICK "+nick, "USER x 0 * :x", "CAP END")
	u.until(" 422 ")
	return u, u.fence()
}

// answer answers the PING in the lines, which must be the last of them.
func (u *user) answer(lines []string) []string {
	u.t.Helper()
	last := len(lines) - 1
	token, ok := "", false
	if last >= 0 {
		token, ok = strings.CutPrefix(lines[last], "PING ")
	}
	if !ok {
		u.t.Fatalf("no PING at the end of %q", lines)
	}
	u.send("PONG irc.test :" + token)
	if more := u.fence(); len(more) > 0 {
		u.t.Errorf("after the PONG: %q", more)
	}
	return lines[:last]
}

// TestMemos: who is away gets them at the login, once, with their time; who is
// there at once, on every connection.
func TestMemos(t *testing.T) {
	store, change := withMemos(t)
	b := newBus(t, change)
	b.notify("anna", "first", "k1")
	b.notify("anna", "first again", "k1")
	b.notify("Anna", "two\nlines "+strings.Repeat("ש", 400), "k2")
	b.notify("bob", "for bob", "")

	u, lines := b.logIn("anna", "ann", "server-time", "message-tags", "account-tag")
	got := u.answer(lines)
	if len(got) != 4 || !strings.HasPrefix(got[0], "@msgid=n1;time=") || !strings.HasSuffix(got[0], ";account=moin;bot :moin!moin@irc.test PRIVMSG ann :first") ||
		!strings.HasSuffix(got[1], " PRIVMSG ann :two") || !strings.Contains(got[2]+got[3], "ש") || strings.Contains(got[3], "msgid") {
		t.Fatalf("%q", got)
	}
	for _, line := range got {
		if _, text, _ := strings.Cut(line, " :"); len(text)+1 > maxLine-2 {
			t.Errorf("a line of %d bytes", len(text))
		}
	}
	second, lines := b.logIn("anna", "ann2")
	if len(lines) > 0 {
		t.Errorf("given twice: %q", lines)
	}
	other, _ := b.logIn("carl", "carl")
	b.notify("anna", "now", "k3")
	for _, u := range []*user{u, second} {
		if got := u.answer(u.until("PING ")); len(got) != 1 || !strings.HasSuffix(got[0], " :now") {
			t.Errorf("%q", got)
		}
	}
	if lines := other.fence(); len(lines) > 0 {
		t.Errorf("somebody else got %q", lines)
	}
	if waiting, err := store.Waiting(t.Context(), "anna"); err != nil || len(waiting) > 0 {
		t.Errorf("still waiting: %+v, %v", waiting, err)
	}
	u.send("CAP REQ :batch draft/chathistory", "CHATHISTORY LATEST moin * 10")
	if history := strings.Join(u.fence(), "\n"); !strings.Contains(history, ":first") || !strings.Contains(history, ":now") {
		t.Errorf("the conversation with moin: %s", history)
	}
}

// TestMemoUnanswered: what a client may not have got is given again.
func TestMemoUnanswered(t *testing.T) {
	_, change := withMemos(t)
	b := newBus(t, change)
	u, _ := b.logIn("anna", "anna")
	b.notify("anna", "lost on the way", "")
	u.until("PING memo-1")
	u.send("PONG memo-2", "PONG memo-x", "PONG", "QUIT")
	u.until("ERROR")
	u, lines := b.logIn("anna", "anna")
	if got := u.answer(lines); len(got) != 1 || !strings.HasSuffix(got[0], ":lost on the way") {
		t.Errorf("%q", got)
	}
}

// TestMemoLateLogin: it comes with the login, also after the registration.
func TestMemoLateLogin(t *testing.T) {
	_, change := withMemos(t)
	b := newBus(t, change)
	b.notify("anna", "you have mail", "")
	u := b.user("anna", "sasl")
	if lines := u.fence(); len(lines) > 0 {
		t.Errorf("before the login: %q", lines)
	}
	u.send("AUTHENTICATE PLAIN")
	u.until("AUTHENTICATE +")
	u.send("AUTHENTICATE " + plain("anna", "secret"))
	u.until(" 903 ")
	if got := u.answer(u.fence()); len(got) != 1 || !strings.HasSuffix(got[0], ":you have mail") {
		t.Errorf("%q", got)
	}
}

// TestMemosRace: none is lost or doubled, however logins and memos meet.
func TestMemosRace(t *testing.T) {
	_, change := withMemos(t)
	b := newBus(t, change)
	const count = 60
	sent := make(chan error, 1)
	go func() {
		for i := range count {
			if err := b.Notify(t.Context(), ircbus.Memo{From: "moin", To: "anna", Text: fmt.Sprintf("memo %02d", i)}); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	var all []string
	for len(all) < count {
		u, lines := b.logIn("anna", "anna")
		if len(lines) == 0 || !strings.HasPrefix(lines[len(lines)-1], "PING ") {
			lines = append(lines, u.until("PING ")...)
		}
		for _, line := range lines {
			if _, text, ok := strings.Cut(line, " :memo "); ok {
				all = append(all, text)
			}
		}
		u.send("PONG " + strings.TrimPrefix(lines[len(lines)-1], "PING "))
		u.fence() // what came after that PING is given again
		u.send("QUIT")
		u.until("ERROR")
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) || len(all) != count {
		t.Errorf("%d memos: %q", len(all), all)
	}
}

// TestMemoRefused: without a store, and without a text.
func TestMemoRefused(t *testing.T) {
	if err := newBus(t).Notify(t.Context(), ircbus.Memo{To: "anna", Text: "x"}); err == nil {
		t.Error("a memo was taken that nothing keeps")
	}
	_, change := withMemos(t)
	if err := newBus(t, change).Notify(t.Context(), ircbus.Memo{To: "anna"}); err == nil {
		t.Error("a memo without a text was taken")
	}
}
