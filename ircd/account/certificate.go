package account

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxCertificates is how many an account may have.
const maxCertificates = 20

// Fingerprint is the SHA-256 of a client certificate (its DER form). Whoever
// shows the certificate in TLS has its key, so it is as good as a password, and
// need not be kept secret.
type Fingerprint [sha256.Size]byte

// String writes the fingerprint as 64 hexadecimal digits.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// ParseFingerprint reads 64 hexadecimal digits in either case, with or without
// colons between them, as openssl x509 -fingerprint -sha256 prints them.
func ParseFingerprint(s string) (f Fingerprint, err error) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	if err != nil || len(b) != len(f) {
		return f, errors.New("the fingerprint must be a certificate's SHA-256: 64 hexadecimal digits")
	}
	return Fingerprint(b), nil
}

// Certificate is a client certificate by which an account may log in.
type Certificate struct {
	Fingerprint Fingerprint
	Added       time.Time
}

// AddCertificate lets whoever has the certificate log in as the account. A
// certificate is that of one account only.
func (s *Store) AddCertificate(name string, f Fingerprint) error {
	return s.update(func(b *book) (*book, error) {
		if owner := b.byCertificate[f]; owner != nil && owner == b.get(name) {
			return nil, fmt.Errorf("%q has this certificate already", owner.name)
		} else if owner != nil {
			return nil, errors.New("the certificate is that of another account")
		}
		return b.edited(name, func(r *record) error {
			if len(r.certificates) >= maxCertificates {
				return fmt.Errorf("%q has %d certificates already: remove one first", r.name, len(r.certificates))
			}
			r.certificates = append(r.certificates, Certificate{f, now()})
			return nil
		})
	})
}

// RemoveCertificate ends the logins by a certificate.
func (s *Store) RemoveCertificate(name string, f Fingerprint) error {
	return s.update(func(b *book) (*book, error) {
		return b.edited(name, func(r *record) error {
			i := slices.IndexFunc(r.certificates, func(c Certificate) bool { return c.Fingerprint == f })
			if i < 0 {
				return fmt.Errorf("%q has no certificate with this fingerprint", r.name)
			}
			r.certificates = slices.Delete(r.certificates, i, i+1)
			return nil
		})
	})
}
