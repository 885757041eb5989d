package account

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ircbus/ircbus"
)

// record is one account as the file has it. Records never change once they are
// in a book: a change makes a new one.
type record struct {
	name     string
	role     Role
	channels []string
	created  time.Time
	password *verifier  // nil: none
	scram    *scramKeys // of the same password; nil: none yet
	tokens   []tokenRecord

	certificates []Certificate
}

func (r *record) account() Account {
	a := Account{
		Name: r.name, Role: r.role, Channels: slices.Clone(r.channels),
		Created: r.created, HasPassword: r.password != nil,
	}
	for _, t := range r.tokens {
		a.Tokens = append(a.Tokens, t.token())
	}
	a.Certificates = slices.Clone(r.certificates)
	return a
}

// book is the content of the accounts file at one moment. It never changes.
type book struct {
	records []*record // by folded name
	byName  map[string]*record
	byToken map[tokenSum]*record

	byCertificate map[Fingerprint]*record

	decoys [32]byte // see door.decoyKey; zero: none yet
}

// newBook makes a book of records, which it takes over and sorts. Names, tokens
// and certificates must not repeat.
func newBook(records []*record) (*book, error) {
	b := &book{
		records: records, byName: map[string]*record{},
		byToken: map[tokenSum]*record{}, byCertificate: map[Fingerprint]*record{},
	}
	for _, r := range records {
		if b.byName[ircbus.Fold(r.name)] != nil {
			return nil, fmt.Errorf("%w named %q", ErrExists, r.name)
		}
		b.byName[ircbus.Fold(r.name)] = r
		for _, t := range r.tokens {
			if b.byToken[t.sum] != nil {
				return nil, fmt.Errorf("the token %s of %q is there twice", t.sum.id(), r.name)
			}
			b.byToken[t.sum] = r
		}
		for _, c := range r.certificates {
			if b.byCertificate[c.Fingerprint] != nil {
				return nil, fmt.Errorf("the certificate %v of %q is there twice", c.Fingerprint, r.name)
			}
			b.byCertificate[c.Fingerprint] = r
		}
	}
	slices.SortFunc(b.records, func(x, y *record) int {
		return cmp.Compare(ircbus.Fold(x.name), ircbus.Fold(y.name))
	})
	return b, nil
}

// get returns the account of that name, or nil.
func (b *book) get(name string) *record { return b.byName[ircbus.Fold(name)] }

// accounts returns copies of all accounts by name.
func (b *book) accounts() []Account {
	accounts := make([]Account, len(b.records))
	for i, r := range b.records {
		accounts[i] = r.account()
	}
	return accounts
}

// changed returns a book with other records.
func (b *book) changed(records []*record) (*book, error) {
	next, err := newBook(records)
	if err == nil {
		next.decoys = b.decoys
	}
	return next, err
}

// with returns a book that has one account more.
func (b *book) with(r *record) (*book, error) {
	return b.changed(append(slices.Clone(b.records), r))
}

// without returns a book that lacks the account.
func (b *book) without(name string) (*book, error) {
	r := b.get(name)
	if r == nil {
		return nil, unknown(name)
	}
	return b.changed(slices.DeleteFunc(slices.Clone(b.records), func(x *record) bool { return x == r }))
}

// edited returns a book in which a copy of the account is as edit leaves it.
func (b *book) edited(name string, edit func(*record) error) (*book, error) {
	old := b.get(name)
	if old == nil {
		return nil, unknown(name)
	}
	r := *old
	r.tokens, r.certificates = slices.Clone(old.tokens), slices.Clone(old.certificates)
	if err := edit(&r); err != nil {
		return nil, err
	}
	records := slices.Clone(b.records)
	records[slices.Index(records, old)] = &r
	return b.changed(records)
}

// revoked names the accounts with which somebody may have logged in under the
// old book who could not do so under b: they are gone, have another role or
// password, or lack a token or a certificate.
func (b *book) revoked(old *book, now time.Time) []string {
	var names []string
	for _, was := range old.records {
		if is := b.get(was.name); is == nil || !is.honours(was, now) {
			names = append(names, was.name)
		}
	}
	return names
}

// honours reports whether every secret of an older state of the account is still
// good for the same.
func (r *record) honours(old *record, now time.Time) bool {
	if r.role != old.role || old.password != nil && (r.password == nil || !r.password.equal(old.password)) {
		return false
	}
	for _, c := range old.certificates {
		if !slices.ContainsFunc(r.certificates, func(kept Certificate) bool { return kept.Fingerprint == c.Fingerprint }) {
			return false
		}
	}
	return !slices.ContainsFunc(old.tokens, func(t tokenRecord) bool {
		return !t.expired(now) && !slices.ContainsFunc(r.tokens, func(kept tokenRecord) bool { return kept.sum == t.sum })
	})
}

func unknown(name string) error { return fmt.Errorf("%w named %.40q", ErrUnknown, name) }
