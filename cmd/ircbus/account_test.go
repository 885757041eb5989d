package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus/cmd/ircbus/bus"
	"github.com/ircbus/ircbus/ircd/account"
)

// accounts runs ircbus account with a data directory.
type accounts struct{ dir string }

func newAccounts(t *testing.T) accounts {
	return accounts{filepath.Join(t.TempDir(), "data")}
}

func (a accounts) run(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"--data", a.dir, "account"}, args...)
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// ok runs a command that must succeed.
func (a accounts) ok(t *testing.T, stdin string, args ...string) (stdout, stderr string) {
	t.Helper()
	code, stdout, stderr := a.run(t, stdin, args...)
	if code != exitDone {
		t.Fatalf("account %v: exit code %d: %s", args, code, stderr)
	}
	return stdout, stderr
}

// login checks that a secret opens an account.
func (a accounts) login(t *testing.T, name, secret string) {
	t.Helper()
	store, err := account.Open(filepath.Join(a.dir, bus.AccountsFile), account.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Login(t.Context(), name, secret, netip.MustParseAddr("127.0.0.1")); err != nil {
		t.Errorf("%s with %q: %v", name, secret, err)
	}
}

func TestAccountLifeCycle(t *testing.T) {
	a := newAccounts(t)
	_, stderr := a.ok(t, "correct horse\r\nnot this\n", "add", "moin", "--role", "publisher", "--channel", "#antispam", "--channel", "#b")
	if stderr != "Made the data directory "+a.dir+".\nAdded the publisher moin in "+a.dir+". It publishes in #moin, #antispam, #b.\n" {
		t.Error(stderr)
	}
	a.login(t, "moin", "correct horse")
	if info, err := os.Stat(a.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data directory: %v, %v", info, err)
	}
	generated, _ := a.ok(t, "", "add", "ada", "--role", "operator", "--generate")
	a.login(t, "ada", strings.TrimSuffix(generated, "\n"))
	a.ok(t, "battery staple", "passwd", "ADA")
	a.login(t, "ada", "battery staple")
	token, stderr := a.ok(t, "", "token", "moin", "--expires", "90d")
	a.login(t, "moin", strings.TrimSuffix(token, "\n"))
	id := account.TokenID(strings.TrimSuffix(token, "\n"))
	if until := day(time.Now().Add(90 * 24 * time.Hour)); !strings.Contains(stderr, id) || !strings.Contains(stderr, until) {
		t.Error(stderr)
	}
	table, _ := a.ok(t, "", "list")
	if lines := strings.Split(table, "\n"); len(lines) != 4 || !strings.HasPrefix(lines[2], "moin  publisher  #moin #antispam #b  yes ") || !strings.Contains(lines[2], id+" until ") {
		t.Error(table)
	}
	a.ok(t, "", "token", "moin", "--revoke", id)
	_, stderr = a.ok(t, "", "remove", "Moin")
	if stderr != "Removed the publisher moin from "+a.dir+".\n" {
		t.Error(stderr)
	}
	if table, _ := a.ok(t, "", "list"); strings.Contains(table, "moin") {
		t.Error(table)
	}
}

func TestAccountListJSON(t *testing.T) {
	begun := time.Now()
	a := newAccounts(t)
	a.ok(t, "correct horse\n", "add", "moin", "--role", "publisher")
	a.ok(t, "correct horse\n", "add", "ada", "--role", "user")
	a.ok(t, "", "token", "ada")
	stdout, _ := a.ok(t, "", "list", "--json")
	var got []jsonAccount
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if made := got[i].Created; made.Before(begun.Truncate(time.Second)) || made.After(time.Now()) {
			t.Errorf("created %v", got[i].Created)
		}
		got[i].Created = time.Time{}
	}
	if len(got) == 2 && len(got[0].Tokens) == 1 && len(got[0].Tokens[0].ID) == 8 {
		got[0].Tokens = nil
	}
	want := []jsonAccount{
		{Name: "ada", Role: account.User, Channels: []string{}, Password: true},
		{Name: "moin", Role: account.Publisher, Channels: []string{"#moin"}, Password: true, Tokens: []jsonToken{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAccountCertificate(t *testing.T) {
	a := newAccounts(t)
	a.ok(t, "correct horse\n", "add", "ada", "--role", "user")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ada.pem")
	text := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	a.ok(t, "", "cert", "ADA", "--file", file)
	other := strings.Repeat("AB:", 31) + "CD"
	a.ok(t, "", "cert", "ada", other)
	fingerprint, otherPlain := fmt.Sprintf("%x", sha256.Sum256(der)), strings.Repeat("ab", 31)+"cd"
	if table, _ := a.ok(t, "", "list"); !strings.Contains(table, fingerprint+", "+otherPlain) {
		t.Error(table)
	}
	a.ok(t, "", "cert", "ada", fingerprint, "--remove")
	list, _ := a.ok(t, "", "list", "--json")
	if strings.Contains(list, fingerprint) || !strings.Contains(list, otherPlain) {
		t.Error(list)
	}
}

func TestAccountMistakes(t *testing.T) {
	a := newAccounts(t)
	if code, _, stderr := a.run(t, "", "list"); code != exitFailed || !strings.Contains(stderr, "there is no data directory") {
		t.Errorf("%d %s", code, stderr)
	}
	a.ok(t, "correct horse\n", "add", "moin", "--role", "publisher")
	for _, c := range []struct {
		code        int
		want, stdin string
		args        string
	}{
		{exitUsage, "must be one of", "", "add x --role boss"},
		{exitUsage, "--role", "", "add x"},
		{exitUsage, "begin with a letter", "", "add 1x --role user"},
		{exitUsage, "--channel is for publishers", "", "add x --role user --channel #x"},
		{exitUsage, "must begin with #", "", "add x --role publisher --channel x"},
		{exitUsage, "must be like 12h, 90d", "", "token moin --expires 90"},
		{exitUsage, "must be like 12h, 90d", "", "token moin --expires 0d"},
		{exitUsage, "must be like 12h, 90d", "", "token moin --expires 99999w"},
		{exitUsage, "do not go together", "", "token moin --expires 9d --revoke x"},
		{exitUsage, "one argument too many", "", "add x secret --role user"},
		{exitFailed, "already an account", "", "add MOIN --role user"},
		{exitFailed, "at least 10 characters", "short\n", "add x --role user"},
		{exitFailed, "at most 600", strings.Repeat("correct ", 99), "add x --role user"},
		{exitFailed, "no password came", "", "add x --role user"},
		{exitFailed, "no password came", "\ncorrect horse\n", "passwd moin"},
		{exitFailed, "no account named \"x\"", "correct horse\n", "passwd x"},
		{exitFailed, "no account named \"x\"", "", "token x"},
		{exitFailed, "no account named \"x\"", "", "remove x"},
		{exitFailed, "no token", "", "token moin --revoke 12345678"},
		{exitUsage, "the certificate is missing", "", "cert moin"},
		{exitUsage, "one of them must go", "", "cert moin 12 --file x"},
		{exitUsage, "64 hexadecimal digits", "", "cert moin 12"},
		{exitFailed, "cannot be read", "", "cert moin --file /nowhere"},
		{exitFailed, "must be PEM", "", "cert moin --file account_test.go"},
		{exitFailed, "no account named \"x\"", "", "cert x " + strings.Repeat("ab", 32)},
		{exitFailed, "has no certificate", "", "cert moin --remove " + strings.Repeat("ab", 32)},
		{exitFailed, "for a service", "correct horse\n", "add NickServ --role user"},
	} {
		code, stdout, stderr := a.run(t, c.stdin, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stderr, c.want) || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("account %s: exit code %d, %q, %q", c.args, code, stdout, stderr)
		}
	}
	if err := os.WriteFile(filepath.Join(a.dir, bus.AccountsFile), []byte("{\n}x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := a.run(t, "correct horse\n", "add", "x", "--role", "user"); code != exitFailed || !strings.Contains(stderr, "accounts.json:2: ") {
		t.Errorf("%d %s", code, stderr)
	}
}

func TestAccountCommandsAtOnce(t *testing.T) {
	a := newAccounts(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if code, _, stderr := a.run(t, "", "add", fmt.Sprintf("wiki%d", i), "--role", "publisher", "--generate"); code != exitDone {
				t.Errorf("exit code %d: %s", code, stderr)
			}
		})
	}
	wg.Wait()
	if table, _ := a.ok(t, "", "list"); strings.Count(table, "\n") != 1+8 {
		t.Error(table)
	}
}
