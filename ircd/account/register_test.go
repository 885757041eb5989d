package account_test

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ircbus/ircbus/ircd/account"
)

func TestRegister(t *testing.T) {
	store, _ := open(t)
	a, err := store.Register(t.Context(), "Ada", "correct horse", client1)
	if err != nil || a.Name != "Ada" || a.Role != account.User || !a.HasPassword {
		t.Fatalf("%+v, %v", a, err)
	}
	login(t, store, "ada", "correct horse", client(2), nil)
	if _, _, err := bySCRAM(t, store, "ada", "correct horse"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{
		"aDA": "already an account", "NickServ": "for a service", "saslserv": "for a service", "a[b]": "must be letters", "": "missing",
	} {
		if _, err := store.Register(t.Context(), name, "correct horse", client1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want: %s", name, err, want)
		}
	}
	if err := store.Add(account.Account{Name: "chanserv", Role: account.Publisher}, ""); err == nil {
		t.Error("a service became a publisher")
	}
	_, err = store.Register(t.Context(), "bob", "short", client1)
	if !errors.Is(err, account.ErrWeak) {
		t.Errorf("a short password: %v", err)
	}
	if _, err = store.Register(t.Context(), "bob", "with a\nline break", client1); err == nil || errors.Is(err, account.ErrWeak) {
		t.Errorf("a password with a line break: %v", err)
	}
}

// TestOneRegisters: of many who want one name at once.
func TestOneRegisters(t *testing.T) {
	store, path := open(t)
	other := openAt(t, path)
	var wg sync.WaitGroup
	var won atomic.Int32
	for i := range 8 {
		wg.Go(func() {
			from := store
			if i%2 == 0 {
				from = other
			}
			switch _, err := from.Register(t.Context(), "ada", fmt.Sprint("correct horse ", i), client(byte(i))); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, account.ErrExists):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d became ada", won.Load())
	}
}

func TestRegisterLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := account.Open(filepath.Join(t.TempDir(), "accounts.json"), account.Options{PerHour: 4, PerNetwork: 2, MinPassword: 1})
		if err != nil {
			t.Fatal(err)
		}
		made := 0
		register := func(from netip.Addr, want error) {
			t.Helper()
			made++
			if _, err := store.Register(t.Context(), fmt.Sprint("a", made), "correct horse", from); !errors.Is(err, want) {
				t.Errorf("account %d: %v, want %v", made, err, want)
			}
		}
		register(netip.MustParseAddr("2001:db8::1"), nil)
		for range 5 { // do not count
			if _, err := store.Register(t.Context(), "a1", "correct horse", client1); !errors.Is(err, account.ErrExists) {
				t.Error(err)
			}
		}
		register(netip.MustParseAddr("2001:db8::2"), nil)
		register(netip.MustParseAddr("2001:db8::3"), account.ErrCrowded)
		time.Sleep(time.Minute)
		register(client(1), nil)
		register(client(2), nil)
		register(client(3), account.ErrCrowded)
		time.Sleep(59 * time.Minute)
		loopback := netip.MustParseAddr("127.0.0.1")
		register(loopback, nil)
		register(loopback, nil)
		register(loopback, account.ErrCrowded)
		time.Sleep(time.Hour)
		for range 4 {
			register(loopback, nil)
		}
	})
}

func TestCheckShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, _ := open(t)
		if err := store.CheckShared("open sesame", "open sesame", client1); err != nil {
			t.Error(err)
		}
		for i := range 11 {
			if err := store.CheckShared(fmt.Sprint("guess", i), "open sesame", client1); !errors.Is(err, account.ErrDenied) {
				t.Error(err)
			}
		}
		if err := store.CheckShared("open sesame", "open sesame", client1); !errors.Is(err, account.ErrThrottled) {
			t.Error(err)
		}
		if err := store.CheckShared("open sesame", "open sesame", client(2)); err != nil {
			t.Error(err)
		}
	})
}
