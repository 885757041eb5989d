package ircd

import (
	"context"
	"net/netip"
)

// Accounts is what the server can do with accounts beyond Config.Login. The texts
// of its errors are shown to the client.
type Accounts interface {
	// SCRAM begins a login by SCRAM-SHA-256.
	SCRAM(from netip.Addr) Exchange

	// LoginCertificate returns the account that has a certificate with this
	// SHA-256, in hex; if name is not "", it must be the account's.
	LoginCertificate(ctx context.Context, name, fingerprint string, from netip.Addr) (Account, error)

	// Register makes an account for a person, or returns an *AccountError. When it
	// returns, SetAccounts has told of it.
	Register(ctx context.Context, name, password string, from netip.Addr) (Account, error)

	// SetPassword changes the password of an account.
	SetPassword(name, new string) error

	// Certificates returns the SHA-256s, in hex, of an account's certificates; the
	// others add and remove one.
	Certificates(name string) ([]string, error)
	AddCertificate(name, fingerprint string) error
	RemoveCertificate(name, fingerprint string) error
}

// Exchange is one login in several messages. It belongs to one goroutine.
type Exchange interface {
	// Step takes the client's message and returns the answer. An error ends the
	// login.
	Step(ctx context.Context, message string) (string, error)

	// Account is who has logged in, if that has been proved.
	Account() (Account, bool)
}
