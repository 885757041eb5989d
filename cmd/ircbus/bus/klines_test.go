package bus

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ircbus/ircbus/ircd/account"
)

// operator connects with an operator's account and becomes operator.
func operator(t *testing.T, b *Bus) *person {
	t.Helper()
	err := b.Accounts().Add(account.Account{Name: "ada", Role: account.Operator}, "a long password")
	if err != nil {
		t.Fatal(err)
	}
	ada := connectAs(t, b.IRCAddr(), "ada", "ada:a long password")
	ada.say("OPER ada :a long password")
	ada.until(" 381 ")
	return ada
}

// TestKLinesOutliveARestart: what an operator has banned on IRC is in a file
// that only the owner can read, and in force after a restart.
func TestKLinesOutliveARestart(t *testing.T) {
	c := quiet(t)
	b := startBus(t, c)
	ada := operator(t, b)
	if err := b.Accounts().Add(account.Account{Name: "eve", Role: account.User}, "another password"); err != nil {
		t.Fatal(err)
	}
	eve := connect(t, b.IRCAddr(), "evelyn")
	login := func(p *person) {
		p.say("AUTHENTICATE PLAIN")
		p.until("AUTHENTICATE +")
		p.say("AUTHENTICATE " + base64.StdEncoding.EncodeToString([]byte("\x00eve\x00another password")))
	}
	login(eve)
	eve.until(" 903 ")
	ada.say("KLINE 90 192.0.2.0/24 :spam")
	ada.until(" banned *@192.0.2.0/24 for 90 minutes: spam")
	ada.say("KLINE account:eve :enough")
	eve.until(" 465 evelyn :You are banned from this server: enough")
	eve.until("ERROR :Closing Link: ")
	stopBus(t, b)

	path := filepath.Join(c.Data, KLinesFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v, %v", path, info, err)
	}
	b = startBus(t, c)
	ada = connectAs(t, b.IRCAddr(), "ada", "ada:a long password")
	ada.say("OPER ada :a long password")
	ada.until(" 381 ")
	ada.say("STATS k")
	ada.until(" 216 ada K 192.0.2.0/24 * * :spam (ada, ")
	ada.until(" 216 ada K account:eve * * :enough (ada, ")
	eve = connect(t, b.IRCAddr(), "evelyn")
	login(eve)
	eve.until("ERROR :Closing Link: ")
	ada.say("UNKLINE account:eve")
	ada.until(" ended the ban of account:eve")
	stopBus(t, b)

	b = startBus(t, c)
	eve = connect(t, b.IRCAddr(), "evelyn")
	login(eve)
	eve.until(" 903 ")
}

func TestDamagedKLinesAreNamed(t *testing.T) {
	for _, text := range []string{"nonsense", `[{"mask":"*@*"}]`} {
		c := quiet(t)
		path := filepath.Join(c.Data, KLinesFile)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if b, err := Start(t.Context(), c); err == nil {
			stopBus(t, b)
			t.Errorf("a bus started with the bans %s", text)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("%v does not name %s", err, path)
		}
	}
}

// TestRehashWithoutAFile: a bus that reads no configuration reads the
// certificates again; TestRehash of the command is about the rest.
func TestRehashWithoutAFile(t *testing.T) {
	ada := operator(t, startBus(t, quiet(t)))
	ada.say("REHASH")
	ada.until(" 382 ada * Rehashing")
	ada.say("PING done")
	ada.until("PONG ")
}
