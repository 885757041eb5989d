package ircd

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ircbus/ircbus/history/sqlite"
)

// TestTranscripts plays testdata/transcripts/*.txt against a server each. A
// transcript has these lines:
//
//	alice = user CAP…        alice connects and registers
//	moin = publisher CAP…    a publisher's connection, logged in by SASL
//	moin2 = publisher(moin) CAP…   another connection of it
//	x = raw                  connects and says nothing
//	alice> JOIN #wiki        alice sends
//	alice< :alice!… JOIN #wiki     alice's next line; … stands for anything
//	alice<< :irc.test 422 …  the same after any lines before it
//	alice< -                 nothing has come for alice
//
// Its first line may say what is special about the server: "# closed" to those
// without an account, or "# keeps" what people say.
//
// At the end nothing may have come for anybody that the transcript lacks.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			play(t, string(text))
		})
	}
}

var connects = regexp.MustCompile(`^(\w+) = (user|publisher|raw)(?:\((\w+)\))? ?(.*)$`)

func play(t *testing.T, transcript string) {
	var change []func(*Config)
	if strings.HasPrefix(transcript, "# closed\n") {
		change = append(change, func(c *Config) { c.RequireLogin, c.NoUserChannels = true, true })
	}
	if strings.HasPrefix(transcript, "# keeps\n") {
		change = append(change, keeps(t))
	}
	b := newBus(t, change...)
	users := make(map[string]*user)
	closed := make(map[string]bool)
	for i, line := range strings.Split(transcript, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		if m := connects.FindStringSubmatch(line); m != nil {
			users[m[1]] = connect(b, m[1], m[2], m[3], strings.Fields(m[4]))
			continue
		}
		at := strings.IndexAny(line, "<>")
		if at < 0 || users[line[:at]] == nil {
			t.Fatalf("line %d: %q is no line of a transcript", i+1, line)
		}
		u, text := users[line[:at]], strings.TrimPrefix(line[at+1:], " ")
		switch {
		case line[at] == '>':
			u.send(text)
		case text == "-":
			if extra := u.fence(); len(extra) > 0 {
				t.Fatalf("line %d: %s got\n%s", i+1, line[:at], strings.Join(extra, "\n"))
			}
		default:
			text, skip := strings.CutPrefix(text, "<")
			text = strings.TrimPrefix(text, " ")
			got := u.line()
			for skip && !resembles(text, got) {
				got = u.line()
			}
			if !resembles(text, got) {
				t.Fatalf("line %d:\n got %s\nwant %s", i+1, got, text)
			}
			closed[line[:at]] = strings.HasPrefix(text, "ERROR ")
		}
	}
	for name, u := range users {
		if closed[name] {
			continue
		}
		if extra := u.fence(); len(extra) > 0 {
			t.Errorf("%s also got\n%s", name, strings.Join(extra, "\n"))
		}
	}
}

// keeps has a server keep what people say, and show it to who joins.
func keeps(t testing.TB) func(*Config) {
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return func(c *Config) {
		c.Chat, c.KeepChannels, c.KeepPrivate = store, true, true
		c.Replay = Replay{Text: 2, Chat: 3}
	}
}

func connect(b *bus, name, kind, account string, caps []string) *user {
	switch kind {
	case "user":
		return b.user(name, caps...)
	case "publisher":
		if account == "" {
			account = name
		}
		return b.publisher(account, caps...)
	}
	return b.dial()
}

func resembles(want, got string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
	ok, err := regexp.MatchString("^"+pattern+"$", got)
	return err == nil && ok
}
