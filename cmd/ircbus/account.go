package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/cmd/ircbus/bus"
	"github.com/ircbus/ircbus/ircd/account"
)

// accountCmd changes and shows the accounts of a bus, running or not.
type accountCmd struct {
	Add    accountAddCmd    `cmd:"" help:"Add an account. The password comes from the terminal, from the first line of standard input, or from --generate."`
	List   accountListCmd   `cmd:"" help:"List the accounts."`
	Passwd accountPasswdCmd `cmd:"" help:"Give an account a new password, read as for add. Its tokens stay valid."`
	Remove accountRemoveCmd `cmd:"" help:"Remove an account. Its events stay, and the name can be added again."`
	Token  accountTokenCmd  `cmd:"" help:"Make a token for an account, printed once; or revoke one."`
	Cert   accountCertCmd   `cmd:"" help:"Let whoever has a client certificate log in to an account on IRC."`
}

type accountAddCmd struct {
	Name     string       `arg:"" help:"Name: letters, digits, _ and -. A publisher speaks in #NAME."`
	Role     account.Role `required:"" enum:"publisher,user,operator" placeholder:"ROLE" help:"publisher, user or operator."`
	Channel  []string     `sep:"none" placeholder:"#CHANNEL" help:"Another channel in which this publisher may publish; may be repeated."`
	Generate bool         `help:"Make a password and print it, once."`
}

// Run adds the account.
func (c *accountAddCmd) Run(g *globals) error {
	a := account.Account{Name: c.Name, Role: c.Role, Channels: c.Channel}
	if err := c.check(); err != nil {
		return err
	}
	store, err := g.makeAccounts()
	if err != nil {
		return err
	}
	if _, err := store.Get(c.Name); err == nil {
		return fmt.Errorf("%w named %q: choose another name, or use ircbus account passwd %s", account.ErrExists, c.Name, c.Name)
	}
	password, err := g.newPassword(store, c.Name, c.Generate)
	if err != nil {
		return err
	}
	if err := store.Add(a, password); err != nil {
		return err
	}
	if a, err = store.Get(c.Name); err != nil {
		return err
	}
	g.tell("Added the %s %s in %s.%s", a.Role, a.Name, g.Data, publishesIn(a))
	return g.printGenerated(password, c.Generate)
}

func (c *accountAddCmd) check() error {
	if err := ircbus.CheckName(c.Name); err != nil {
		return usagef("%v", err)
	}
	if c.Role != account.Publisher && len(c.Channel) > 0 {
		return usagef("--channel is for publishers, and %s is to be a %s", c.Name, c.Role)
	}
	for _, channel := range c.Channel {
		if err := cmp.Or(account.CheckChannel(channel), ircbus.CheckNewChannel(channel)); err != nil {
			return usagef("%v", err)
		}
	}
	return nil
}

func publishesIn(a account.Account) string {
	if a.Role != account.Publisher {
		return ""
	}
	return " It publishes in " + strings.Join(a.Feeds(), ", ") + "."
}

type accountPasswdCmd struct {
	Name     string `arg:"" help:"Name of the account."`
	Generate bool   `help:"Make a password and print it, once."`
}

// Run changes the password.
func (c *accountPasswdCmd) Run(g *globals) error {
	store, a, err := g.openAccount(c.Name)
	if err != nil {
		return err
	}
	password, err := g.newPassword(store, a.Name, c.Generate)
	if err != nil {
		return err
	}
	if err := store.SetPassword(a.Name, password); err != nil {
		return err
	}
	g.tell("Changed the password of %s in %s.", a.Name, g.Data)
	return g.printGenerated(password, c.Generate)
}

type accountRemoveCmd struct {
	Name string `arg:"" help:"Name of the account."`
}

// Run removes the account.
func (c *accountRemoveCmd) Run(g *globals) error {
	store, a, err := g.openAccount(c.Name)
	if err != nil {
		return err
	}
	if err := store.Remove(a.Name); err != nil {
		return err
	}
	g.tell("Removed the %s %s from %s.", a.Role, a.Name, g.Data)
	return nil
}

type accountTokenCmd struct {
	Name    string   `arg:"" help:"Name of the account."`
	Expires validity `placeholder:"TIME" help:"How long the token is valid: 12h, 90d, 52w; without it, for ever."`
	Scope   string   `enum:"publish,read," default:"" placeholder:"SCOPE" help:"What the token is good for: publish or read; without it, both."`
	Revoke  string   `placeholder:"ID" help:"Instead, make the token with this ID (see list) invalid."`
}

// Run makes or revokes a token.
func (c *accountTokenCmd) Run(g *globals) error {
	if c.Revoke != "" && (c.Expires != 0 || c.Scope != "") {
		return usagef("--revoke makes no token: --expires and --scope do not go together with it")
	}
	store, a, err := g.openAccount(c.Name)
	if err != nil {
		return err
	}
	if c.Revoke != "" {
		if err := store.RemoveToken(a.Name, c.Revoke); err != nil {
			return err
		}
		g.tell("Revoked the token %s of %s.", c.Revoke, a.Name)
		return nil
	}
	token, err := store.AddScopedToken(a.Name, time.Duration(c.Expires), ircbus.Scope(c.Scope))
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(g.stdout, token); err != nil {
		return fmt.Errorf("the token %s could not be printed, revoke it: %w", account.TokenID(token), err)
	}
	until := "does not expire"
	if c.Expires != 0 {
		until = "expires on " + day(time.Now().Add(time.Duration(c.Expires)))
	}
	g.tell("The token %s of %s %s. It is not shown again.", account.TokenID(token), a.Name, until)
	return nil
}

// validity is a duration that may also count days (d) and weeks (w).
type validity time.Duration

// UnmarshalText reads 90d, 52w, or anything that time.ParseDuration reads.
func (v *validity) UnmarshalText(text []byte) error {
	d, err := parseValidity(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf("the time %.20q must be like 12h, 90d or 52w", text)
	}
	*v = validity(d)
	return nil
}

func parseValidity(s string) (time.Duration, error) {
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, ok := strings.CutSuffix(s, unit); ok {
			n, err := strconv.ParseUint(number, 10, 13) // 8,191 weeks are still a Duration
			return time.Duration(n) * length, err
		}
	}
	return time.ParseDuration(s)
}

// makeAccounts opens the accounts for adding one. The data directory need not exist
// if somebody has named it: one in the current directory, which nobody named, would
// be another one than that of the bus.
func (g *globals) makeAccounts() (*account.Store, error) {
	switch {
	case exists(g.Data):
		return g.openAccounts()
	case !g.mayMake:
		return nil, fmt.Errorf("%w; --data makes a new one", g.noData())
	}
	if err := bus.MakeData(g.Data); err != nil {
		return nil, err
	}
	g.tell("Made the data directory %s.", g.Data)
	return g.openAccounts()
}

// openAccounts opens the accounts of an existing data directory.
func (g *globals) openAccounts() (*account.Store, error) {
	if _, err := os.Stat(g.Data); errors.Is(err, fs.ErrNotExist) {
		return nil, g.noData()
	}
	return account.Open(filepath.Join(g.Data, bus.AccountsFile), account.Options{Log: g.log, MinPassword: g.minPassword})
}

func (g *globals) noData() error {
	return fmt.Errorf("there is no data directory %s: call this where the bus was started, or name the bus's directory with --data "+
		"or its configuration with --config", g.Data)
}

// openAccount opens the accounts and finds one, or says how to see them all.
func (g *globals) openAccount(name string) (*account.Store, account.Account, error) {
	store, err := g.openAccounts()
	if err != nil {
		return nil, account.Account{}, err
	}
	a, err := store.Get(name)
	if errors.Is(err, account.ErrUnknown) {
		err = fmt.Errorf("%w in %s: ircbus account list shows those there are", err, g.Data)
	}
	return store, a, err
}

// tell writes a sentence for the person at the keyboard.
func (g *globals) tell(format string, args ...any) { fmt.Fprintf(g.stderr, format+"\n", args...) }

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
