package account_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus/ircd/account"
)

func names(accounts []account.Account) []string {
	var list []string
	for _, a := range accounts {
		list = append(list, a.Name)
	}
	return list
}

func TestAccountsOutliveTheStore(t *testing.T) {
	begun := time.Now()
	store, path := open(t)
	add(t, store, "moin", account.Publisher, "correct horse", "#antispam", "#ANTISPAM", "#Moin")
	add(t, store, "Ada", account.Operator, "")
	token := must[string](t)(store.AddToken("MOIN", 90*24*time.Hour))

	accounts := must[[]account.Account](t)(openAt(t, path).List())
	if diff := cmp.Diff([]string{"Ada", "moin"}, names(accounts)); diff != "" {
		t.Fatal(diff)
	}
	moin := accounts[1]
	if got := moin.Tokens; len(got) != 1 || got[0].ID != account.TokenID(token) || got[0].Expires.Sub(got[0].Created) != 90*24*time.Hour {
		t.Errorf("tokens are %v", got)
	}
	if moin.Created.Before(begun.Truncate(time.Second)) || moin.Created.After(time.Now()) || moin.Created.Location() != time.UTC {
		t.Errorf("created %v", moin.Created)
	}
	moin.Created, moin.Tokens = time.Time{}, nil
	want := account.Account{Name: "moin", Role: account.Publisher, Channels: []string{"#antispam"}, HasPassword: true}
	if diff := cmp.Diff(want, moin); diff != "" {
		t.Error(diff)
	}
	data := string(must[[]byte](t)(os.ReadFile(path)))
	if strings.Contains(data, token) || strings.Contains(data, "correct horse") {
		t.Error("a secret is in the file")
	}
	if info := must[os.FileInfo](t)(os.Stat(path)); info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v", info.Mode())
	}
}

func TestNamesAreOneWhateverTheirCase(t *testing.T) {
	store, _ := open(t)
	add(t, store, "Moin", account.Publisher, "")
	if err := store.Add(account.Account{Name: "mOIN", Role: account.User}, ""); !errors.Is(err, account.ErrExists) {
		t.Errorf("added twice: %v", err)
	}
	if a, err := store.Get("MOIN"); err != nil || a.Name != "Moin" {
		t.Errorf("Get = %v, %v", a, err)
	}
	if err := store.Remove("moin"); err != nil {
		t.Error(err)
	}
	add(t, store, "mOIN", account.User, "")
}

func TestUnknownNames(t *testing.T) {
	store, _ := open(t)
	_, getErr := store.Get("x")
	_, tokenErr := store.AddToken("x", 0)
	for what, err := range map[string]error{
		"Get": getErr, "AddToken": tokenErr, "Remove": store.Remove("x"),
		"SetPassword": store.SetPassword("x", "correct horse"), "RemoveToken": store.RemoveToken("x", "1234abcd"),
	} {
		if !errors.Is(err, account.ErrUnknown) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestChangesFromManySidesLoseNothing(t *testing.T) {
	store, path := open(t)
	var wg sync.WaitGroup
	for i := range 4 {
		own := openAt(t, path)
		wg.Go(func() {
			for j := range 10 {
				name := fmt.Sprintf("here%d-%d", i, j)
				if err := own.Add(account.Account{Name: name, Role: account.User}, ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, prefix := range []string{"one", "two"} {
		cmd, added := startChild(t, path, prefix)
		wg.Go(func() {
			for added.Scan() {
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if accounts, err := store.List(); err != nil || len(accounts) != 4*10+2*40 {
		t.Errorf("there are %d accounts, %v", len(accounts), err)
	}
}

func TestKilledWhileWriting(t *testing.T) {
	store, path := open(t)
	add(t, store, "first", account.User, "")
	want := []string{"first"}
	for round := range 10 {
		cmd, added := startChild(t, path, fmt.Sprintf("round%d-", round))
		for range 1 + 4*round {
			if added.Scan() {
				want = append(want, added.Text())
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for added.Scan() { // what it said before it died
			want = append(want, added.Text())
		}
		_ = cmd.Wait() // killed
		got := names(must[[]account.Account](t)(openAt(t, path).List()))
		for _, name := range want {
			if !slices.Contains(got, name) {
				t.Fatalf("%s was added and is not there", name)
			}
		}
	}
	add(t, store, "last", account.User, "")
}

func TestLeftoversOfACrashAreInNobodysWay(t *testing.T) {
	store, path := open(t)
	add(t, store, "ada", account.User, "")
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new"), []byte(`{"version": 1, "acc`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := names(must[[]account.Account](t)(openAt(t, path).List())); !slices.Equal(got, []string{"ada"}) {
		t.Error(got)
	}
	add(t, store, "bob", account.User, "")
	if entries := must[[]os.DirEntry](t)(os.ReadDir(filepath.Dir(path))); len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestWatchNoticesAnotherProcess(t *testing.T) {
	_, path := open(t)
	store, err := account.Open(path, account.Options{Poll: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd, added := startChild(t, path, "there")
	calls := 0
	err = store.Watch(ctx, func(accounts []account.Account, _ []string) {
		if calls++; len(accounts) == 40 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after %d calls: %v", calls, err)
	}
	for added.Scan() {
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestWatchNoticesOwnChangesWithoutPolling(t *testing.T) {
	_, path := open(t)
	store, err := account.Open(path, account.Options{Poll: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	seen := make(chan []string)
	done := make(chan error, 1)
	go func() {
		done <- store.Watch(ctx, func(accounts []account.Account, _ []string) { seen <- names(accounts) })
	}()
	if got := <-seen; got != nil {
		t.Errorf("at first there are %v", got)
	}
	add(t, store, "ada", account.User, "")
	if got := <-seen; !slices.Equal(got, []string{"ada"}) {
		t.Errorf("then there are %v", got)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestWatchTellsWhatIsRevoked: whoever logged in with what is no longer good can
// be let go, and nobody else.
func TestWatchTellsWhatIsRevoked(t *testing.T) {
	_, path := open(t)
	store := must[*account.Store](t)(account.Open(path, account.Options{Poll: time.Hour}))
	add(t, store, "ada", account.User, "correct horse")
	add(t, store, "bob", account.User, "")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	told := make(chan []string)
	done := make(chan error, 1)
	go func() {
		done <- store.Watch(ctx, func(_ []account.Account, revoked []string) { told <- revoked })
	}()
	if revoked := <-told; revoked != nil {
		t.Errorf("at first %v are revoked", revoked)
	}
	var token string
	for _, step := range []struct {
		what string
		do   func() error
		want []string
	}{
		{"a token more", func() (err error) { token, err = store.AddToken("ada", 0); return err }, nil},
		{"a first password", func() error { return store.SetPassword("bob", "battery staple") }, nil},
		{"another account", func() error { return store.Add(account.Account{Name: "eve", Role: account.User}, "") }, nil},
		{"another password", func() error { return store.SetPassword("bob", "staple battery") }, []string{"bob"}},
		{"a token less", func() error { return store.RemoveToken("ada", account.TokenID(token)) }, []string{"ada"}},
		{"an account less", func() error { return store.Remove("ada") }, []string{"ada"}},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		if revoked := <-told; !slices.Equal(revoked, step.want) {
			t.Errorf("%s: %v are revoked, not %v", step.what, revoked, step.want)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestABadFileChangesNothing(t *testing.T) {
	store, path := open(t)
	add(t, store, "ada", account.User, "correct horse")
	good := must[[]byte](t)(os.ReadFile(path))
	for what, spoil := range map[string]func() error{
		"bad":  func() error { return os.WriteFile(path, []byte("{\n\"version\": 1,\n\"x\": 2}"), 0o600) },
		"gone": func() error { return os.Remove(path) },
		"open": func() error { return os.Chmod(path, 0o644) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Login(t.Context(), "ada", "correct horse", client(1)); err != nil {
			t.Errorf("%s file: nobody can log in: %v", what, err)
		}
		if _, err := store.List(); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s file: List says %v", what, err)
		}
		if err := store.Add(account.Account{Name: "bob", Role: account.User}, ""); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s file: Add says %v", what, err)
		}
		_ = os.Remove(path)
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := store.List(); err != nil || len(got) != 1 {
			t.Errorf("%s file put back: %v, %v", what, got, err)
		}
	}
}

func TestTokensAreBounded(t *testing.T) {
	store, _ := open(t)
	add(t, store, "moin", account.Publisher, "")
	for range 100 {
		must[string](t)(store.AddToken("moin", 0))
	}
	if _, err := store.AddToken("moin", 0); err == nil || !strings.Contains(err.Error(), "remove one first") {
		t.Error(err)
	}
	first := must[account.Account](t)(store.Get("moin")).Tokens[0].ID
	if err := store.RemoveToken("moin", strings.ToUpper(first)); err != nil {
		t.Error(err)
	}
	if err := store.RemoveToken("moin", first); err == nil {
		t.Error("removed twice")
	}
	must[string](t)(store.AddToken("moin", 0))
	if _, err := store.AddToken("moin", -time.Hour); err == nil {
		t.Error("a token that expires before it is made")
	}
}
