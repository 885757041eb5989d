package bus

import (
	"context"
	"net/netip"

	"github.com/ircbus/ircbus/ircd"
	"github.com/ircbus/ircbus/ircd/account"
)

// ircAccounts is the bus's accounts as the IRC server wants them.
type ircAccounts struct{ *Bus }

// SCRAM begins a login by SCRAM-SHA-256.
func (b ircAccounts) SCRAM(from netip.Addr) ircd.Exchange {
	return &scramLogin{b.accounts.SCRAM(from), b.Bus}
}

// scramLogin is a login by SCRAM-SHA-256.
type scramLogin struct {
	exchange *account.Exchange
	bus      *Bus
}

// Step takes the client's message and returns the answer.
func (s *scramLogin) Step(ctx context.Context, message string) (string, error) {
	answer, err := s.exchange.Step(ctx, message)
	if a, ok := s.exchange.Account(); ok {
		_, err = s.bus.admit(ctx, a, err)
	}
	return answer, err
}

// Account is who has logged in.
func (s *scramLogin) Account() (ircd.Account, bool) {
	a, ok := s.exchange.Account()
	return ircAccount(a), ok
}

// LoginCertificate finds the account of a client certificate.
func (b ircAccounts) LoginCertificate(ctx context.Context, name, fingerprint string, from netip.Addr) (ircd.Account, error) {
	f, err := account.ParseFingerprint(fingerprint)
	if err != nil {
		return ircd.Account{}, err
	}
	a, err := b.accounts.LoginCertificate(ctx, name, f, from)
	_, err = b.admit(ctx, a, err)
	return ircAccount(a), err
}
