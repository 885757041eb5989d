package account_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ircbus/ircbus/ircd/account"
)

func TestCertificates(t *testing.T) {
	store, path := open(t)
	add(t, store, "ada", account.User, "correct horse")
	add(t, store, "bob", account.User, "")
	mine := must[account.Fingerprint](t)(account.ParseFingerprint("AB:" + strings.Repeat("cd:", 30) + "ef"))
	if err := store.AddCertificate("ADA", mine); err != nil {
		t.Fatal(err)
	}
	for want, err := range map[string]error{
		"has this certificate already":       store.AddCertificate("ada", mine),
		"the certificate is that of another": store.AddCertificate("bob", mine),
		"there is no account":                store.AddCertificate("nobody", account.Fingerprint{1}),
		"has no certificate with this":       store.RemoveCertificate("bob", mine),
		"account named \"nobody\"":           store.RemoveCertificate("nobody", mine),
		"must be a certificate's SHA-256":    second(account.ParseFingerprint("AB:CD")),
		"SHA-256: 64 hexadecimal digits":     second(account.ParseFingerprint(strings.Repeat("x", 64))),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want: %s", err, want)
		}
	}
	other := openAt(t, path)
	for name, want := range map[string]error{"": nil, "ada": nil, "Ada": nil, "bob": account.ErrDenied, "nobody": account.ErrDenied} {
		a, err := other.LoginCertificate(t.Context(), name, mine, client1)
		if !errors.Is(err, want) || (err == nil) != (a.Name == "ada") {
			t.Errorf("as %q: %+v, %v", name, a, err)
		}
	}
	if _, err := other.LoginCertificate(t.Context(), "", account.Fingerprint{1}, client1); !errors.Is(err, account.ErrDenied) {
		t.Errorf("an unknown certificate: %v", err)
	}
	if got := must[account.Account](t)(other.Get("ada")).Certificates; len(got) != 1 || got[0].Fingerprint != mine || got[0].Added.IsZero() {
		t.Errorf("%+v", got)
	}
	for i := range 19 {
		if err := store.AddCertificate("ada", account.Fingerprint{byte(i + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.AddCertificate("ada", account.Fingerprint{99}); err == nil || !strings.Contains(err.Error(), "20 certificates already") {
		t.Errorf("more than there may be: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// TestRemovedCertificate: who logged in by it is let go, as Watch tells.
func TestRemovedCertificate(t *testing.T) {
	store, _ := open(t)
	add(t, store, "ada", account.User, "correct horse")
	if err := store.AddCertificate("ada", account.Fingerprint{1}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	revokes, done := make(chan []string, 10), make(chan error, 1)
	go func() {
		done <- store.Watch(ctx, func(_ []account.Account, revoked []string) { revokes <- revoked })
	}()
	<-revokes
	if err := store.AddCertificate("ada", account.Fingerprint{2}); err != nil {
		t.Fatal(err)
	}
	if got := <-revokes; len(got) > 0 {
		t.Errorf("a new certificate revokes %v", got)
	}
	if err := store.RemoveCertificate("ada", account.Fingerprint{1}); err != nil {
		t.Fatal(err)
	}
	if got := <-revokes; !slices.Equal(got, []string{"ada"}) {
		t.Errorf("revoked are %v", got)
	}
	stop()
	<-done
	if _, err := store.LoginCertificate(t.Context(), "ada", account.Fingerprint{1}, client1); !errors.Is(err, account.ErrDenied) {
		t.Errorf("by a removed certificate: %v", err)
	}
}
