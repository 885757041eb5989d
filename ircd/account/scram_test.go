package account_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xdg-go/scram"

	"github.com/ircbus/ircbus/ircd/account"
)

// bySCRAM logs in with the client of another project; first is what the server
// says first.
func bySCRAM(t *testing.T, store *account.Store, name, password string) (a account.Account, first string, err error) {
	t.Helper()
	client := must[*scram.Client](t)(scram.SHA256.NewClient(name, password, ""))
	conversation, exchange := client.NewConversation(), store.SCRAM(client1)
	message := must[string](t)(conversation.Step(""))
	if first, err = exchange.Step(t.Context(), message); err != nil {
		return a, "", err
	}
	message = must[string](t)(conversation.Step(first))
	last, err := exchange.Step(t.Context(), message)
	a, ok := exchange.Account()
	if err != nil {
		if ok {
			t.Errorf("%v, and %s is logged in", err, a.Name)
		}
		return a, first, err
	}
	must[string](t)(conversation.Step(last))
	if !ok || !conversation.Valid() {
		t.Error("the client does not believe the server")
	}
	if _, err := exchange.Step(t.Context(), message); !errors.Is(err, account.ErrDenied) {
		t.Errorf("a third step: %v", err)
	}
	return a, first, nil
}

var client1 = client(1)

func TestSCRAM(t *testing.T) {
	store, path := open(t)
	add(t, store, "ada", account.Operator, "correct horse")
	add(t, store, "bare", account.Publisher, "")
	for _, name := range []string{"ada", "ADA"} {
		if a, _, err := bySCRAM(t, store, name, "correct horse"); err != nil || a.Name != "ada" || a.Role != account.Operator {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	firsts := map[string]string{}
	for _, name := range []string{"ada", "bare", "nobody", "another", strings.Repeat("long", 20)} {
		_, first, err := bySCRAM(t, store, name, "wrong horse")
		if !errors.Is(err, account.ErrDenied) {
			t.Errorf("%s: %v", name, err)
		}
		_, salt, _ := strings.Cut(first, ",")
		firsts[salt] = name
		_, first, _ = bySCRAM(t, openAt(t, path), name, "wrong horse")
		if _, again, _ := strings.Cut(first, ","); again != salt {
			t.Errorf("%s gets the salt %s and then %s", name, salt, again)
		}
	}
	if len(firsts) != 5 {
		t.Errorf("names share salts: %v", firsts)
	}
	if got := store.Stats(); got.Failed != 5 || got.Succeeded != 2 {
		t.Errorf("%+v", got)
	}
}

// TestSCRAMMessages: what is not a login is an error, and nobody is in.
func TestSCRAMMessages(t *testing.T) {
	store, _ := open(t)
	add(t, store, "ada", account.User, "correct horse")
	for _, message := range []string{
		"", "n", "n,,", "n,,n=ada", "p=tls-unique,,n=ada,r=x", "n,a=bob,n=ada,r=x", "n,,m=x,n=ada,r=x", "\xff\x00",
	} {
		exchange := store.SCRAM(client1)
		if answer, err := exchange.Step(t.Context(), message); err == nil {
			t.Errorf("%q is answered %q", message, answer)
		}
		if answer, err := exchange.Step(t.Context(), "c=biws,r=x,p=eA=="); err == nil {
			t.Errorf("after %q: %q", message, answer)
		}
		if a, ok := exchange.Account(); ok {
			t.Errorf("after %q %s is logged in", message, a.Name)
		}
	}
	for _, last := range []string{"", "c=biws,r=x,p=eA==", "c=eSws,r=%,p=eA==", "c=biws,r=%", "c=biws,r=%,p="} {
		exchange := store.SCRAM(client1)
		first := must[string](t)(exchange.Step(t.Context(), "n,,n=ada,r=abcdefgh"))
		nonce, _, _ := strings.Cut(strings.TrimPrefix(first, "r="), ",")
		if answer, err := exchange.Step(t.Context(), strings.ReplaceAll(last, "%", nonce)); !errors.Is(err, account.ErrDenied) && !errors.Is(err, account.ErrThrottled) {
			t.Errorf("%q: %q, %v", last, answer, err)
		}
	}
}

func FuzzSCRAM(f *testing.F) {
	store, err := account.Open(f.TempDir()+"/accounts.json", account.Options{})
	if err == nil {
		err = store.Add(account.Account{Name: "ada", Role: account.User}, "correct horse")
	}
	if err != nil {
		f.Fatal(err)
	}
	f.Add("n,,n=ada,r=abcdefgh", "c=biws,r=abcdefgh,p=eA==")
	f.Add("y,a=ada,n=a=2Cda,r=x", "c=biws,r=x,m=y,p=")
	f.Add("p=tls-exporter,,n=ada,r=x", "")
	f.Fuzz(func(t *testing.T, first, last string) {
		exchange := store.SCRAM(client1)
		if _, err := exchange.Step(context.Background(), first); err == nil {
			if _, err := exchange.Step(context.Background(), last); err == nil {
				t.Errorf("%q and %q are a login", first, last)
			}
		}
		if _, ok := exchange.Account(); ok {
			t.Errorf("%q and %q log in", first, last)
		}
	})
}

// An accounts file from before there was SCRAM. The password of ada is "correct
// horse".
const oldFile = `{
  "version": 1,
  "accounts": [
    {
      "name": "ada",
      "role": "user",
      "created": "2026-11-20T10:00:00Z",
      "password": "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0c2FsdA$bwlTR4X4+7CBqnv4dKmpnsqdQ3miGR1ZLMvc03YCEDA"
    }
  ]
}
`

// TestOldAccountsLearnSCRAM: at the first login with the password; whether it has
// happened does not show before one can log in.
func TestOldAccountsLearnSCRAM(t *testing.T) {
	store, path := open(t)
	if err := os.WriteFile(path, []byte(oldFile), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := bySCRAM(t, store, "ada", "correct horse")
	if !errors.Is(err, account.ErrDenied) {
		t.Errorf("before there are keys: %v", err)
	}
	_, unknown, _ := bySCRAM(t, store, "nobody", "correct horse")
	watched := make(chan []string, 10)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- store.Watch(ctx, func(_ []account.Account, revoked []string) { watched <- revoked })
	}()
	<-watched
	login(t, store, "ada", "wrong horse", client1, account.ErrDenied)
	if data := must[[]byte](t)(os.ReadFile(path)); string(data) != oldFile {
		t.Errorf("a wrong password makes of the file\n%s", data)
	}
	login(t, store, "ada", "correct horse", client1, nil)
	if revoked := <-watched; len(revoked) > 0 {
		t.Errorf("%v are cut off", revoked)
	}
	stop()
	<-done
	other := openAt(t, path)
	if a, _, err := bySCRAM(t, other, "ada", "correct horse"); err != nil || a.Name != "ada" {
		t.Errorf("after a login: %v", err)
	}
	login(t, other, "ada", "correct horse", client1, nil)
	_, again, _ := bySCRAM(t, other, "nobody", "correct horse")
	if _, salt, _ := strings.Cut(unknown, ","); !strings.HasSuffix(again, salt) {
		t.Error("the salt of an unknown account has changed")
	}
	if err := other.SetPassword("ada", "battery staple"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := bySCRAM(t, store, "ada", "correct horse"); !errors.Is(err, account.ErrDenied) {
		t.Errorf("by the old password: %v", err)
	}
	if _, _, err := bySCRAM(t, store, "ada", "battery staple"); err != nil {
		t.Errorf("by the new password: %v", err)
	}
}

// TestSCRAMOfAChangedAccount: a login that has begun does not outlive its
// password.
func TestSCRAMOfAChangedAccount(t *testing.T) {
	client := must[*scram.Client](t)(scram.SHA256.NewClient("ada", "correct horse", ""))
	for what, change := range map[string]func(*account.Store) error{
		"a new password": func(s *account.Store) error { return s.SetPassword("ada", "battery staple") },
		"its end":        func(s *account.Store) error { return s.Remove("ada") },
	} {
		store, _ := open(t)
		add(t, store, "ada", account.User, "correct horse")
		conversation, exchange := client.NewConversation(), store.SCRAM(client1)
		first := must[string](t)(exchange.Step(t.Context(), must[string](t)(conversation.Step(""))))
		last := must[string](t)(conversation.Step(first))
		if err := change(store); err != nil {
			t.Fatal(err)
		}
		if _, err := exchange.Step(t.Context(), last); !errors.Is(err, account.ErrDenied) {
			t.Errorf("after %s: %v", what, err)
		}
	}
}

func TestSCRAMGuessingIsSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, _ := open(t)
		add(t, store, "ada", account.User, "correct horse")
		for range 11 {
			if _, _, err := bySCRAM(t, store, "ada", "wrong horse"); err == nil {
				t.Fatal("a wrong password is good")
			}
		}
		if _, _, err := bySCRAM(t, store, "ada", "correct horse"); !errors.Is(err, account.ErrThrottled) {
			t.Errorf("after eleven guesses: %v", err)
		}
		if _, err := store.Register(t.Context(), "bob", "correct horse", client1); !errors.Is(err, account.ErrThrottled) {
			t.Errorf("registering: %v", err)
		}
		login(t, store, "ada", "correct horse", client1, account.ErrThrottled)
		time.Sleep(time.Second)
		if _, _, err := bySCRAM(t, store, "ada", "correct horse"); err != nil {
			t.Error(err)
		}
	})
}
