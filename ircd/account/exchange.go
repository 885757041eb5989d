package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/netip"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/xdg-go/scram"
)

// Exchange is one login by SCRAM-SHA-256. It belongs to one goroutine.
type Exchange struct {
	store        *Store
	from         netip.Addr
	conversation *scram.ServerConversation

	begun  bool
	name   string     // folded
	keys   *scramKeys // of the account, or made up
	winner *record    // who has proved it
}

// SCRAM begins a login by SCRAM-SHA-256 (RFC 5802, 7677) without channel
// binding; from is the client's address.
func (s *Store) SCRAM(from netip.Addr) *Exchange {
	e := &Exchange{store: s, from: from}
	server, _ := scram.SHA256.NewServer(e.lookup) // never fails
	e.conversation = server.NewConversation()
	return e
}

// Step takes the client's message and returns the answer. An error is the end;
// those of Login and others are sentences to show to the client. The answer to
// the first message does not tell whether there is such an account.
func (e *Exchange) Step(_ context.Context, message string) (string, error) {
	switch {
	case e.conversation.Done():
		return "", ErrDenied
	case e.begun:
		return e.prove(message)
	}
	e.begun = true
	answer, err := e.conversation.Step(message)
	if err != nil && !errors.Is(err, ErrThrottled) && err != errForOther {
		err = errors.New("the message is not one of SCRAM-SHA-256 without channel binding")
	}
	return answer, err
}

// Account returns who has logged in, after the last step.
func (e *Exchange) Account() (Account, bool) {
	if e.winner == nil {
		return Account{}, false
	}
	return e.winner.account(), true
}

var errForOther = errors.New("nobody can log in for somebody else")

// lookup finds the keys of the account, or makes some up.
func (e *Exchange) lookup(name string) (scram.StoredCredentials, error) {
	if len(name) > ircbus.MaxNameLen {
		name = "" // as for Login
	}
	e.name = ircbus.Fold(name)
	if authzID := e.conversation.AuthzID(); authzID != "" && ircbus.Fold(authzID) != e.name {
		return scram.StoredCredentials{}, errForOther
	}
	d := e.store.door
	if err := e.store.held(d.throttle.wait(e.name, e.from, time.Now())); err != nil {
		return scram.StoredCredentials{}, err
	}
	b, _ := e.store.latest()
	if r := b.byName[e.name]; r != nil && r.scram != nil {
		e.keys = r.scram
	} else {
		e.keys = decoy(d.decoyKey(b), e.name)
	}
	return scram.StoredCredentials(*e.keys), nil
}

// prove checks the client's proof. The store looks at one at a time, so that many
// at once are no way around the throttle.
func (e *Exchange) prove(message string) (string, error) {
	d := e.store.door
	d.proving.Lock()
	defer d.proving.Unlock()
	now := time.Now()
	if err := e.store.held(d.throttle.wait(e.name, e.from, now)); err != nil {
		return "", err
	}
	answer, err := e.conversation.Step(message)
	b, _ := e.store.latest()
	r := b.byName[e.name]
	if err != nil || r == nil || r.scram == nil || !r.scram.equal(e.keys) { // or it has changed meanwhile
		d.throttle.fail(e.name, e.from, false, now) // a proof does not tell whether it is tried again
		return "", e.store.denied(r, e.from)
	}
	d.throttle.succeed(e.name, e.from, now)
	d.stats.succeeded.Add(1)
	e.winner = r
	return answer, nil
}

// decoy makes keys that fit no password, with a salt that stays the same for a
// name: who asks twice must not learn that there is no such account.
func decoy(key [32]byte, name string) *scramKeys {
	h := hmac.New(sha256.New, key[:])
	h.Write([]byte(name))
	k := &scramKeys{
		KeyFactors: scram.KeyFactors{Salt: string(h.Sum(nil)[:saltLen]), Iters: scramIterations},
		StoredKey:  make([]byte, sumLen), ServerKey: make([]byte, sumLen),
	}
	rand.Read(k.StoredKey) // never fails
	rand.Read(k.ServerKey)
	return k
}
