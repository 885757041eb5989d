package account_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus/ircd/account"
)

func TestFeeds(t *testing.T) {
	publisher := account.Account{Name: "Moin", Role: account.Publisher, Channels: []string{"#antispam"}}
	if diff := cmp.Diff([]string{"#Moin", "#antispam"}, publisher.Feeds()); diff != "" {
		t.Error(diff)
	}
	for channel, want := range map[string]bool{
		"#moin": true, "#MOIN": true, "#AntiSpam": true, "#moin.text": false, "#other": false, "moin": false, "": false,
	} {
		if got := publisher.MayPublish(channel); got != want {
			t.Errorf("MayPublish(%q) = %v", channel, got)
		}
	}
	for _, role := range []account.Role{account.User, account.Operator} {
		if person := (account.Account{Name: "ada", Role: role}); person.MayPublish("#ada") || person.Feeds() != nil {
			t.Errorf("a %s may publish", role)
		}
	}
}

func TestAddRefuses(t *testing.T) {
	store, _ := open(t)
	for want, a := range map[string]account.Account{
		"a name is missing":            {Role: account.User},
		"begin with a letter":          {Name: "1x", Role: account.User},
		"must be publisher":            {Name: "x", Role: "boss"},
		"only a publisher":             {Name: "x", Role: account.User, Channels: []string{"#x"}},
		"must begin with #":            {Name: "x", Role: account.Publisher, Channels: []string{"x"}},
		"for the readable channel":     {Name: "x", Role: account.Publisher, Channels: []string{"#a.Text"}},
		"has 60 bytes, the limit of a": {Name: "x", Role: account.Publisher, Channels: []string{"#" + strings.Repeat("a", 59)}},
	} {
		if err := store.Add(a, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Add(%+v): %v, want: %s", a, err, want)
		}
	}
	if accounts, err := store.List(); err != nil || len(accounts) > 0 {
		t.Errorf("there are %v, %v", accounts, err)
	}
}

func TestCheckPassword(t *testing.T) {
	store, _ := open(t)
	for password, want := range map[string]string{
		"correct horse":              "",
		"סיסמה ארוכה":                "",
		"moinmaster-7f3k9":           "",
		"":                           "too short",
		"nine char":                  "too short",
		"aaaaaaaaaaaaab":             "different characters",
		"moin12moin34":               "little more than the account's name",
		"MOINMOIN12moin":             "little more than the account's name",
		"irb_something-long":         "how tokens begin",
		" leading space":             "space",
		"trailing space ":            "space",
		"line\nbreak in it":          "control",
		"zero\x00 byte in it":        "control",
		strings.Repeat("abcde", 121): "at most 600",
	} {
		err := store.CheckPassword("moin", password)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want: %q", password, err, want)
		}
	}
	for range 100 {
		if err := store.CheckPassword("a", account.GeneratePassword()); err != nil {
			t.Error(err)
		}
	}
}

// TestMinPassword: whoever allows short passwords is not told that they are easy.
func TestMinPassword(t *testing.T) {
	store, err := account.Open(filepath.Join(t.TempDir(), "accounts.json"), account.Options{MinPassword: 4})
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]string{
		"moin4": "little more", "abab": "", "aaaa": "at least 2 different", "bar": "at least 4 characters", "": "too short",
	} {
		err := store.CheckPassword("moin", password)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want: %q", password, err, want)
		}
	}
}

func TestThrottledErrorSaysHowLong(t *testing.T) {
	err := &account.ThrottledError{Wait: 1200 * time.Millisecond}
	if got := err.Error(); got != "too many logins failed: try again in 2s" {
		t.Error(got)
	}
	if got := (&account.ThrottledError{Wait: 1}).RetryAfter(); got != time.Second {
		t.Error(got)
	}
}
