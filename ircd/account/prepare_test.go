package account

import (
	"net/netip"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/xdg-go/scram"
)

// TestCaseC21: a password is the same however it is encoded, at each way in; what
// earlier versions kept as it came is still taken.
func TestCaseC21(t *testing.T) {
	const (
		composed   = "caf\u00e9 au lait"
		decomposed = "cafe\u0301 au lait"
		latin1     = "caf\xe9 au lait"
		wide       = "caf\u00e9\u00a0au lait" // with a no-break space
	)
	open := func(t *testing.T) *Store {
		s, err := Open(filepath.Join(t.TempDir(), "accounts.json"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	from := netip.MustParseAddr("127.0.0.1")
	all := map[string]string{"composed": composed, "decomposed": decomposed, "Latin-1": latin1, "no-break space": wide}
	for name, made := range all {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			if _, err := s.Register(t.Context(), "ann", made, from); err != nil {
				t.Fatal(err)
			}
			if err := s.Add(Account{Name: "bob", Role: User}, "another password"); err != nil {
				t.Fatal(err)
			}
			if err := s.SetPassword("bob", made); err != nil {
				t.Fatal(err)
			}
			for given, password := range all {
				for _, account := range []string{"ann", "bob"} {
					if _, err := s.Login(t.Context(), account, password, from); err != nil {
						t.Errorf("%s as %s: %v", account, given, err)
					}
				}
				if err := s.CheckShared(password, made, from); err != nil {
					t.Errorf("the server's as %s: %v", given, err)
				}
			}
			client, err := scram.SHA256.NewClient("ann", decomposed, "")
			if err != nil {
				t.Fatal(err)
			}
			conversation, exchange := client.NewConversation(), s.SCRAM(from)
			message, err := conversation.Step("")
			for err == nil && !conversation.Done() {
				if message, err = exchange.Step(t.Context(), message); err == nil {
					message, err = conversation.Step(message)
				}
			}
			if _, ok := exchange.Account(); err != nil || !ok {
				t.Errorf("SCRAM: %v", err)
			}
		})
	}
	t.Run("kept as it came", func(t *testing.T) {
		for name, kept := range all {
			v := newVerifier(kept)
			if !v.accepts(kept) || v.accepts("caf\u00e8 au lait") {
				t.Errorf("%s is not accepted", name)
			}
			if decoded(kept) == composed && !v.accepts(latin1) {
				t.Errorf("%s is not accepted as Latin-1", name)
			}
		}
	})
}

func FuzzPrepare(f *testing.F) {
	f.Add("caf\xe9")
	f.Add("cafe\u0301 \u00a0\u200b")
	f.Fuzz(func(t *testing.T, password string) {
		prepared := prepare(password)
		if !utf8.ValidString(prepared) {
			t.Errorf("%q is prepared as %q", password, prepared)
		}
		all := spellings(password)
		if all[0] != prepared || all[len(all)-1] != password && prepared != password || len(all) > 3 {
			t.Errorf("%q may be %q", password, all)
		}
	})
}
