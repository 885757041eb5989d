package account

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/ircbus/ircbus"
)

// fileVersion is the version of the file's form that we write. We also read
// version 1, which has no SCRAM keys, decoy key and certificates.
const fileVersion = 2

// decode reads an accounts file; name is for errors.
func decode(name string, data []byte) (*book, error) {
	r := newReader(name, data)
	var version int
	var decoys sum256
	var records []*record
	err := r.object("the file", func(key string) (err error) {
		switch key {
		case "version":
			return r.version(&version)
		case "decoy_key":
			return r.sum(key, &decoys)
		case "accounts":
			records, err = r.accounts()
			return err
		}
		return r.errorf("the key %.40q is not known here", key)
	})
	if err != nil {
		return nil, err
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	if version == 0 {
		return nil, r.errorAt(1, `"version" is missing: this is not a file of accounts`)
	}
	b, err := newBook(records)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	b.decoys = decoys
	return b, nil
}

func (r *reader) version(version *int) error {
	if err := r.value("version", version); err != nil {
		return err
	}
	if *version < 1 || *version > fileVersion {
		return r.errorf("the file has version %d, this ircbus knows versions 1 to %d: use the ircbus that wrote it", *version, fileVersion)
	}
	return nil
}

func (r *reader) accounts() ([]*record, error) {
	var records []*record
	names := map[string]bool{}
	err := r.list("the accounts", func() error {
		a, line, err := r.account()
		if err != nil {
			return err
		}
		if names[ircbus.Fold(a.name)] {
			return r.errorAt(line, "%w named %q", ErrExists, a.name)
		}
		names[ircbus.Fold(a.name)] = true
		records = append(records, a)
		return nil
	})
	return records, err
}

// account reads one account; line is where it begins.
func (r *reader) account() (_ *record, line int, err error) {
	a := new(record)
	err = r.object("an account", func(key string) error {
		if line == 0 {
			line = r.line()
		}
		return r.accountField(a, key)
	})
	if err != nil {
		return nil, 0, err
	}
	if line == 0 {
		line = r.line()
	}
	if err := a.account().check(); err != nil {
		return nil, 0, r.errorAt(line, "%w", err)
	}
	a.channels = otherChannels(a.name, a.channels)
	return a, line, nil
}

func (r *reader) accountField(a *record, key string) error {
	switch key {
	case "name":
		return r.checked(key, &a.name, ircbus.CheckName)
	case "role":
		var role string
		return r.checked(key, &role, func(s string) (err error) { a.role, err = ParseRole(s); return err })
	case "created":
		return r.time(key, &a.created)
	case "password":
		var phc string
		return r.checked(key, &phc, func(s string) (err error) { a.password, err = parseVerifier(s); return err })
	case "scram":
		var keys string
		return r.checked(key, &keys, func(s string) (err error) { a.scram, err = parseSCRAM(s); return err })
	case "certificates":
		return r.list("the certificates", func() error { return r.certificate(a) })
	case "channels":
		return r.list("the channels", func() error {
			var channel string
			err := r.checked("channel", &channel, CheckChannel)
			a.channels = append(a.channels, channel)
			return err
		})
	case "tokens":
		return r.list("the tokens", func() error { return r.token(a) })
	}
	return r.errorf("the key %.40q of an account is not known", key)
}

func (r *reader) token(a *record) error {
	var t tokenRecord
	err := r.object("a token", func(key string) error {
		switch key {
		case "sha256":
			return r.sum(key, (*sum256)(&t.sum))
		case "created":
			return r.time(key, &t.created)
		case "expires":
			return r.time(key, &t.expires)
		case "scope":
			var scope string
			return r.checked(key, &scope, func(s string) (err error) { t.scope, err = ircbus.ParseScope(s); return err })
		}
		return r.errorf("the key %.40q of a token is not known", key)
	})
	if err == nil && t.sum == (tokenSum{}) {
		err = r.errorf(`a token lacks its "sha256"`)
	}
	a.tokens = append(a.tokens, t)
	return err
}

func (r *reader) certificate(a *record) error {
	var c Certificate
	err := r.object("a certificate", func(key string) error {
		switch key {
		case "sha256":
			return r.sum(key, (*sum256)(&c.Fingerprint))
		case "added":
			return r.time(key, &c.Added)
		}
		return r.errorf("the key %.40q of a certificate is not known", key)
	})
	if err == nil && c.Fingerprint == (Fingerprint{}) {
		err = r.errorf(`a certificate lacks its "sha256"`)
	}
	a.certificates = append(a.certificates, c)
	return err
}

type sum256 [32]byte

// sum reads 32 bytes in hex.
func (r *reader) sum(key string, sum *sum256) error {
	var text string
	return r.checked(key, &text, func(s string) error {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != len(sum) {
			return fmt.Errorf("%q must have 64 hexadecimal digits", key)
		}
		*sum = sum256(b)
		return nil
	})
}

// checked reads a string that must pass check.
func (r *reader) checked(key string, s *string, check func(string) error) error {
	if err := r.value(key, s); err != nil {
		return err
	}
	if err := check(*s); err != nil {
		return r.errorf("%w", err)
	}
	return nil
}

// time reads a time that can be written again.
func (r *reader) time(key string, t *time.Time) error {
	if err := r.value(key, t); err != nil {
		return err
	}
	*t = t.UTC()
	if year := t.Year(); year < 1970 || year > 9999 {
		return r.errorf("%q must be a time such as 2026-11-20T10:00:00Z", key)
	}
	return nil
}
