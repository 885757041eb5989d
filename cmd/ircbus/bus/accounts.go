package bus

import (
	"context"
	"errors"
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

// Register makes an account for a person. The IRC server knows of it when this
// returns.
func (b ircAccounts) Register(ctx context.Context, name, password string, from netip.Addr) (ircd.Account, error) {
	a, err := b.accounts.Register(ctx, name, password, from)
	if err != nil {
		return ircd.Account{}, b.refusal(name, password, err)
	}
	// The account is made: what follows must not say that it is not.
	b.directory.refreshed()
	return ircAccount(a), nil
}

// refusal is the error of an account that was not made, as REGISTER tells it.
func (b ircAccounts) refusal(name, password string, err error) error {
	var code string
	switch {
	case errors.Is(err, account.ErrExists):
		code = "ACCOUNT_EXISTS"
	case errors.Is(err, account.ErrWeak):
		code = "WEAK_PASSWORD"
	case errors.Is(err, account.ErrThrottled), errors.Is(err, account.ErrCrowded), errors.Is(err, context.Canceled):
		code = "TEMPORARILY_UNAVAILABLE"
	case account.CheckNew(name) != nil:
		code = "BAD_ACCOUNT_NAME"
	case b.accounts.CheckPassword(name, password) != nil:
		code = "UNACCEPTABLE_PASSWORD"
	default:
		code = "TEMPORARILY_UNAVAILABLE"
	}
	return &ircd.AccountError{Code: code, Reason: b.told(err).Error()}
}

// told is an error as people are told of it, nil if there is none.
func (b ircAccounts) told(err error) error {
	if !errors.Is(err, account.ErrFile) {
		return err
	}
	b.log.Error("an account could not be changed", "err", err)
	return errors.New("the change could not be stored: try again later")
}

// SetPassword changes a password.
func (b ircAccounts) SetPassword(name, new string) error {
	return b.told(b.accounts.SetPassword(name, new))
}

// Certificates returns the fingerprints of an account's certificates.
func (b ircAccounts) Certificates(name string) ([]string, error) {
	a, err := b.accounts.Get(name)
	var list []string
	for _, c := range a.Certificates {
		list = append(list, c.Fingerprint.String())
	}
	return list, err
}

// AddCertificate lets a certificate in.
func (b ircAccounts) AddCertificate(name, fingerprint string) error {
	f, err := account.ParseFingerprint(fingerprint)
	if err != nil {
		return err
	}
	return b.told(b.accounts.AddCertificate(name, f))
}

// RemoveCertificate does not let a certificate in any more.
func (b ircAccounts) RemoveCertificate(name, fingerprint string) error {
	f, err := account.ParseFingerprint(fingerprint)
	if err != nil {
		return err
	}
	return b.told(b.accounts.RemoveCertificate(name, f))
}
