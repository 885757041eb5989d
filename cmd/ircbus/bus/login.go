package bus

import (
	"context"
	"errors"
	"net/netip"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd"
	"github.com/ircbus/ircbus/ircd/account"
)

// login checks a name and its password or token. When it returns a name, the IRC
// server knows of it, and a publisher's channels exist, even if another process
// has made the account just now.
func (b *Bus) login(ctx context.Context, name, secret string, from netip.Addr) (string, ircbus.Scope, error) {
	a, err := b.accounts.Login(ctx, name, secret, from)
	name, err = b.admit(ctx, a, err)
	return name, scopeOf(a), err
}

// scopeOf is what a login is good for.
func scopeOf(a account.Account) ircbus.Scope {
	if a.Via == nil {
		return ircbus.ScopeAll
	}
	return a.Via.Scope
}

// loginIRC is login as the IRC server wants it.
func (b *Bus) loginIRC(ctx context.Context, name, secret string, from netip.Addr) (ircd.Account, error) {
	a, err := b.accounts.Login(ctx, name, secret, from)
	if err == nil {
		_, err = b.admit(ctx, a, nil)
	}
	return ircAccount(a), err
}

func ircAccount(a account.Account) ircd.Account {
	return ircd.Account{
		Name: a.Name, Operator: a.Role == account.Operator, Created: a.Created, Token: a.Via != nil, Scope: scopeOf(a),
	}
}

// loginToken is login by a token alone.
func (b *Bus) loginToken(ctx context.Context, token string, from netip.Addr) (string, ircbus.Scope, error) {
	a, err := b.accounts.LoginToken(ctx, token, from)
	name, err := b.admit(ctx, a, err)
	return name, scopeOf(a), err
}

func (b *Bus) admit(ctx context.Context, a account.Account, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if a.Role == account.Publisher && !b.directory.knows(a.Name) || !b.directory.hasToldOf(a.Name) {
		b.directory.refreshed()
	}
	b.sessions.note(ctx, a.Name)
	return a.Name, nil
}

func isUnknown(err error) bool  { return errors.Is(err, account.ErrUnknown) }
func isExisting(err error) bool { return errors.Is(err, account.ErrExists) }
