package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
)

// ErrCrowded refuses a new account because too many others were made lately.
var ErrCrowded = errors.New("too many accounts were made within an hour")

// Register makes the account of a person who asks for it from an address. Besides
// Add's errors it returns those of Login for an address that has to wait, and
// ErrCrowded. Whether people may make accounts at all is the caller's affair.
func (s *Store) Register(ctx context.Context, name, password string, from netip.Addr) (Account, error) {
	a := Account{Name: name, Role: User}
	password = prepare(password)
	err := cmp.Or(CheckNew(name), s.CheckPassword(name, password), s.held(s.door.throttle.wait("", from, time.Now())))
	if err != nil {
		return Account{}, err
	}
	if b, _ := s.latest(); b.get(name) != nil {
		return Account{}, fmt.Errorf("%w named %q", ErrExists, name)
	}
	done, err := s.door.births.begin(from, time.Now())
	if err != nil {
		return Account{}, err
	}
	if err = s.door.enter(ctx); err == nil {
		err = s.Add(a, password)
		s.door.leave()
	}
	if err != nil {
		done()
		return Account{}, err
	}
	s.log.Info("account registered", "account", name, "from", from)
	s.door.throttle.succeed(ircbus.Fold(name), from, time.Now())
	return s.known(a), nil
}

// known is an account that was made just now, as the file has it, or as it was
// made: the file need not be read again for that, which could fail.
func (s *Store) known(a Account) Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.book.get(a.Name); r != nil {
		return r.account()
	}
	return a
}

// births are the accounts that were made by Register within the last hour, and
// those being made.
type births struct {
	limit, perNetwork int // static

	mu     sync.Mutex
	recent []*birth // by time
}

type birth struct {
	at   time.Time
	from ircbus.Network
}

// Limits of Register within an hour, unless Options say otherwise.
const (
	PerHour    = 600
	PerNetwork = 5 // an IPv4 address or IPv6 /64; four times as many a /24 or /48
)

// wideShare is how many times as many a wide network may make as a narrow one.
const wideShare = 4

// begin counts a birth, or says that there are too many; cancel takes it back. A
// proxy may be behind loopback, so that is no network of its own.
func (b *births) begin(from netip.Addr, now time.Time) (cancel func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recent = slices.DeleteFunc(b.recent, func(old *birth) bool { return now.Sub(old.at) >= time.Hour })
	one := &birth{now, ircbus.NetworkOf(from)}
	neighbors, around := 0, 0
	for _, old := range b.recent {
		if old.from == one.from {
			neighbors++
		}
		if old.from.Wide == one.from.Wide {
			around++
		}
	}
	switch {
	case len(b.recent) >= b.limit:
		return nil, fmt.Errorf("%w: try again later", ErrCrowded)
	case (neighbors >= b.perNetwork || around >= wideShare*b.perNetwork) && !from.IsLoopback():
		return nil, fmt.Errorf("%w from your network: try again later", ErrCrowded)
	}
	b.recent = append(b.recent, one)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.recent = slices.DeleteFunc(b.recent, func(old *birth) bool { return old == one })
	}, nil
}
