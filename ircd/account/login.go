package account

import (
	"context"
	"net/netip"
	"time"

	"github.com/ircbus/ircbus"
)

// Login returns the account of that name if secret is its password or one of its
// tokens; from is the client's address. Otherwise the error is ErrDenied, after
// the same time for a wrong password as for no such account; ErrExpired; a
// *ThrottledError, which says how long to wait; or ctx's. All but the last are
// sentences to show to the client.
func (s *Store) Login(ctx context.Context, name, secret string, from netip.Addr) (Account, error) {
	if isToken(secret) {
		return s.loginToken(name, secret, from)
	}
	if len(name) > ircbus.MaxNameLen {
		name = "" // there is no such account, and nothing long is to be remembered
	}
	return s.loginPassword(ctx, ircbus.Fold(name), secret, from)
}

// LoginToken returns the account whose token it is. Its errors are those of
// Login.
func (s *Store) LoginToken(_ context.Context, token string, from netip.Addr) (Account, error) {
	return s.loginToken("", token, from)
}

// loginPassword checks a password of the account with that folded name.
func (s *Store) loginPassword(ctx context.Context, name, password string, from netip.Addr) (Account, error) {
	b, _ := s.latest()
	r := b.byName[name]
	v := s.door.dummy
	if r != nil && r.password != nil {
		v = r.password
	}
	ok, fresh, err := s.verify(ctx, name, password, v, b, from)
	switch {
	case err != nil:
		return Account{}, err
	case !ok:
		return Account{}, s.denied(r, from)
	}
	if fresh && r.scram == nil {
		s.keepSCRAM(r, password)
	}
	s.door.throttle.succeed(name, from, time.Now())
	s.door.stats.succeeded.Add(1)
	return r.account(), nil
}

// keepSCRAM adds the SCRAM keys to an account from the time before there were
// any, now that its password is known.
func (s *Store) keepSCRAM(old *record, password string) {
	keys := newSCRAM(prepare(password))
	err := s.update(func(b *book) (*book, error) {
		return b.edited(old.name, func(r *record) error {
			if r.password != nil && r.password.equal(old.password) {
				r.scram = keys
			}
			return nil
		})
	})
	if err != nil {
		s.log.Warn("an account cannot log in by SCRAM yet", "account", old.name, "err", err)
	}
}

// verify reports whether v accepts the password, and whether that had to be found
// out, unless it is not from's turn.
func (s *Store) verify(ctx context.Context, name, password string, v *verifier, b *book, from netip.Addr) (ok, fresh bool, err error) {
	d := s.door
	if err := s.held(d.throttle.wait(name, from, time.Now())); err != nil {
		return false, false, err
	}
	if d.cache.has(name, password, v) {
		return true, false, nil
	}
	if err := d.enter(ctx); err != nil {
		return false, false, err
	}
	defer d.leave()
	// While this one waited, others may have failed or succeeded.
	if err := s.held(d.throttle.wait(name, from, time.Now())); err != nil {
		return false, false, err
	}
	if d.cache.has(name, password, v) {
		return true, false, nil
	}
	d.stats.verified.Add(1)
	if !v.accepts(password) {
		d.throttle.fail(name, from, d.cache.again(name, password), time.Now())
		return false, true, nil
	}
	d.cache.put(name, password, v, b)
	return true, true, nil
}

// loginToken checks a token, of the named account if name is not "". A token that
// exists is let in at any time: nobody guesses one, so there is nothing to slow
// down.
func (s *Store) loginToken(name, token string, from netip.Addr) (Account, error) {
	b, _ := s.latest()
	d, now := s.door, time.Now()
	sum := sumToken(token)
	r := b.byToken[sum]
	if r == nil || name != "" && ircbus.Fold(r.name) != ircbus.Fold(name) {
		if err := s.held(d.throttle.wait("", from, now)); err != nil {
			return Account{}, err
		}
		d.throttle.fail("", from, d.cache.again("", token), now)
		return Account{}, s.denied(nil, from)
	}
	a := r.account()
	for _, t := range r.tokens {
		if t.sum != sum {
			continue
		}
		if t.expired(now) {
			d.stats.failed.Add(1)
			return Account{}, ErrExpired
		}
		via := t.token()
		a.Via = &via
	}
	d.stats.succeeded.Add(1)
	return a, nil
}

// LoginCertificate returns the account whose certificate has that fingerprint; if
// name is not "", it must be the account's. The caller has seen that the client
// has the certificate's key. The errors are those of Login.
func (s *Store) LoginCertificate(_ context.Context, name string, f Fingerprint, from netip.Addr) (Account, error) {
	b, _ := s.latest()
	d, now := s.door, time.Now()
	r := b.byCertificate[f]
	if r == nil || name != "" && ircbus.Fold(r.name) != ircbus.Fold(name) {
		if err := s.held(d.throttle.wait("", from, now)); err != nil {
			return Account{}, err
		}
		d.throttle.fail("", from, d.cache.again("", f.String()), now)
		return Account{}, &sentence{s.denied(nil, from), "the account does not have this client certificate"}
	}
	d.stats.succeeded.Add(1)
	return r.account(), nil
}

// CheckShared reports, as Login's errors do, whether given is a password that many
// know, and that is nobody's account: the server's.
func (s *Store) CheckShared(given, want string, from netip.Addr) error {
	return s.Slowly(sharedName, given, from, func() bool {
		// MACs under a key that nobody knows: the time tells nothing.
		right := s.door.cache.mac("", prepare(want))
		return s.door.cache.mac("", prepare(given)) == right
	})
}

// sharedName is under which guesses at the server's password count. It is no
// account's.
const sharedName = "/server"

// Slowly reports whether a secret is right that is no account's and could be
// guessed: look finds that out, unless it is not from's turn. name is whose secret
// it is; it must be no account's. The errors are those of Login.
func (s *Store) Slowly(name, secret string, from netip.Addr, look func() bool) error {
	d, now := s.door, time.Now()
	if err := s.held(d.throttle.wait(name, from, now)); err != nil {
		return err
	}
	if look() {
		d.throttle.succeed(name, from, now)
		return nil
	}
	d.throttle.fail(name, from, d.cache.again(name, secret), now)
	return s.denied(nil, from)
}

// held is the error, and the count, for a login that must wait.
func (s *Store) held(wait time.Duration) error {
	if wait == 0 {
		return nil
	}
	s.door.stats.throttled.Add(1)
	return &ThrottledError{Wait: wait}
}

// denied is the error, the count and the log line for a wrong secret. What was
// given as a name is not logged if there is no such account: people type
// passwords there.
func (s *Store) denied(r *record, from netip.Addr) error {
	name := ""
	if r != nil {
		name = r.name
	}
	s.door.stats.failed.Add(1)
	s.log.Info("login failed", "account", name, "from", from)
	return ErrDenied
}
