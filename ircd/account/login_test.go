package account_test

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ircbus/ircbus/ircd/account"
)

// client is one of several, each in a network of its own.
func client(n byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, n, 2}) }

// login tries a secret and checks the error.
func login(t *testing.T, store *account.Store, name, secret string, from netip.Addr, want error) {
	t.Helper()
	a, err := store.Login(t.Context(), name, secret, from)
	if !errors.Is(err, want) {
		t.Fatalf("login of %s: %v, want: %v", name, err, want)
	}
	if want == nil && a.Name == "" || want != nil && a.Name != "" {
		t.Fatalf("login of %s returns %+v with %v", name, a, err)
	}
}

func TestLogin(t *testing.T) {
	store, _ := open(t)
	add(t, store, "moin", account.Publisher, "correct horse")
	add(t, store, "bare", account.Publisher, "")
	token := must[string](t)(store.AddToken("moin", time.Hour))
	bare := must[string](t)(store.AddToken("bare", 0))

	login(t, store, "moin", "correct horse", client(1), nil)
	login(t, store, "MOIN", "correct horse", client(1), nil)
	login(t, store, "moin", token, client(1), nil)
	login(t, store, "bare", bare, client(1), nil)
	login(t, store, "moin", "correct horsf", client(1), account.ErrDenied)
	login(t, store, "moin", "", client(1), account.ErrDenied)
	login(t, store, "moin", bare, client(1), account.ErrDenied)
	login(t, store, "bare", "", client(1), account.ErrDenied)
	login(t, store, "nobody", "correct horse", client(1), account.ErrDenied)
	login(t, store, "", "correct horse", client(1), account.ErrDenied)
	login(t, store, "", token, client(1), nil)
	if a, err := store.LoginToken(t.Context(), token, client(1)); err != nil || a.Name != "moin" {
		t.Errorf("by token: %v, %v", a, err)
	}
	if _, err := store.LoginToken(t.Context(), "correct horse", client(1)); !errors.Is(err, account.ErrDenied) {
		t.Errorf("by a password as token: %v", err)
	}
}

func TestChangesTakeEffectInEveryProcess(t *testing.T) {
	store, path := open(t)
	bus := openAt(t, path)
	add(t, store, "ada", account.User, "correct horse")
	token := must[string](t)(store.AddToken("ada", 0))
	login(t, bus, "ada", "correct horse", client(1), nil)
	login(t, bus, "ada", token, client(1), nil)

	if err := store.SetPassword("ada", "battery staple"); err != nil {
		t.Fatal(err)
	}
	login(t, bus, "ada", "correct horse", client(1), account.ErrDenied)
	login(t, bus, "ada", "battery staple", client(1), nil)
	login(t, bus, "ada", token, client(1), nil)
	if err := store.RemoveToken("ada", account.TokenID(token)); err != nil {
		t.Fatal(err)
	}
	login(t, bus, "ada", token, client(1), account.ErrDenied)
	if err := store.Remove("ada"); err != nil {
		t.Fatal(err)
	}
	login(t, bus, "ada", "battery staple", client(1), account.ErrDenied)
}

func TestARightPasswordIsHashedOnce(t *testing.T) {
	store, _ := open(t)
	add(t, store, "ada", account.User, "correct horse")
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if _, err := store.Login(t.Context(), "ada", "correct horse", client(1)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	login(t, store, "ada", "wrong horse", client(1), account.ErrDenied)
	add(t, store, "bob", account.User, "") // the file is read again
	login(t, store, "ada", "correct horse", client(1), nil)
	got := store.Stats()
	if got.Succeeded != 101 || got.Failed != 1 || got.Waiting != 0 {
		t.Errorf("%+v", got)
	}
	if got.Verified > 1+4 { // those at work when the first was found right
		t.Errorf("%d passwords were hashed", got.Verified)
	}
}

// Whether an account exists, and has a password, does not show in the work that
// a wrong password makes.
func TestEveryWrongPasswordIsHashed(t *testing.T) {
	store, _ := open(t)
	add(t, store, "ada", account.User, "correct horse")
	add(t, store, "bare", account.Publisher, "")
	for i, name := range []string{"ada", "bare", "nobody", "", "a-name-that-is-longer-than-any-account's"} {
		login(t, store, name, "wrong horse", client(1), account.ErrDenied)
		if got := store.Stats().Verified; got != uint64(i+1) {
			t.Errorf("after %q %d passwords were hashed, want %d", name, got, i+1)
		}
	}
}

// fail guesses until it must wait.
func fail(t *testing.T, store *account.Store, name string, from netip.Addr) *account.ThrottledError {
	t.Helper()
	for i := range 40 {
		_, err := store.Login(t.Context(), name, "a guess "+string(rune('a'+i)), from)
		var throttled *account.ThrottledError
		if errors.As(err, &throttled) {
			return throttled
		}
		if !errors.Is(err, account.ErrDenied) {
			t.Fatal(err)
		}
	}
	t.Fatal("one can guess for ever")
	return nil
}

func TestGuessingIsSlowedDown(t *testing.T) {
	synctest.Test(t, guessingIsSlowedDown)
}

func guessingIsSlowedDown(t *testing.T) {
	store, _ := open(t)
	add(t, store, "ada", account.User, "correct horse")
	add(t, store, "bob", account.User, "battery staple")
	token := must[string](t)(store.AddToken("ada", 0))
	login(t, store, "ada", "correct horse", client(1), nil) // her usual place

	for _, name := range []string{"ada", "nobody"} {
		attacker := client(66)
		if name == "nobody" {
			attacker = client(67)
		}
		err := fail(t, store, name, attacker)
		if !errors.Is(err, account.ErrThrottled) || err.Wait <= 0 || err.Wait > time.Second {
			t.Errorf("%s: %v, %v", name, err, err.Wait)
		}
		// The right password is not told apart from a wrong one now.
		login(t, store, "ada", "correct horse", attacker, account.ErrThrottled)
	}
	login(t, store, "ada", "correct horse", client(1), nil)  // at her usual place
	login(t, store, "ada", "correct horse", client(2), nil)  // somewhere new
	login(t, store, "ada", token, client(66), nil)           // by a secret that nobody guesses
	login(t, store, "bob", "battery staple", client(3), nil) // another account
	if got := store.Stats(); got.Throttled < 4 || got.Failed < 20 {
		t.Errorf("%+v", got)
	}
}

func TestARepeatedMistakeHurtsOnlyItself(t *testing.T) {
	synctest.Test(t, aRepeatedMistakeHurtsOnlyItself)
}

func aRepeatedMistakeHurtsOnlyItself(t *testing.T) {
	store, _ := open(t)
	add(t, store, "ada", account.User, "correct horse")
	add(t, store, "bob", account.User, "battery staple")
	for range 11 {
		login(t, store, "ada", "an old password", client(1), account.ErrDenied)
	}
	login(t, store, "ada", "correct horse", client(1), account.ErrThrottled)
	login(t, store, "bob", "battery staple", client(1), nil) // behind the same address
	login(t, store, "ada", "correct horse", client(2), nil)
	time.Sleep(time.Second)
	login(t, store, "ada", "correct horse", client(1), nil)
}

func TestTokensCannotBeTriedForEver(t *testing.T) {
	synctest.Test(t, tokensCannotBeTriedForEver)
}

func tokensCannotBeTriedForEver(t *testing.T) {
	store, _ := open(t)
	for range 11 {
		login(t, store, "x", "irb_nonsense", client(1), account.ErrDenied)
	}
	_, err := store.LoginToken(t.Context(), "irb_nonsense", client(1))
	if !errors.Is(err, account.ErrThrottled) {
		t.Error(err)
	}
}

func TestATokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, _ := open(t)
		add(t, store, "moin", account.Publisher, "")
		token := must[string](t)(store.AddToken("moin", time.Hour))
		time.Sleep(time.Hour - 1)
		login(t, store, "moin", token, client(1), nil)
		time.Sleep(time.Nanosecond)
		for range 20 { // its owner is told so, and nobody is slowed down
			login(t, store, "moin", token, client(1), account.ErrExpired)
		}
		must[string](t)(store.AddToken("moin", 0))
		if got := must[account.Account](t)(store.Get("moin")).Tokens; len(got) != 1 || !got[0].Expires.IsZero() {
			t.Errorf("tokens are %v", got)
		}
	})
}

func TestLoginEndsWithItsContext(t *testing.T) {
	store, _ := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var wg sync.WaitGroup
	for range 20 { // more than verify at once
		wg.Go(func() {
			_, err := store.Login(ctx, "ada", "correct horse", client(1))
			if !errors.Is(err, context.Canceled) && !errors.Is(err, account.ErrDenied) && !errors.Is(err, account.ErrThrottled) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func BenchmarkLogin(b *testing.B) {
	store, err := account.Open(b.TempDir()+"/accounts.json", account.Options{})
	if err == nil {
		err = store.Add(account.Account{Name: "ada", Role: account.User}, "correct horse")
	}
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := store.Login(b.Context(), "ada", "correct horse", client(1)); err != nil {
			b.Fatal(err)
		}
	}
}
