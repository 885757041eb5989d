package account

import (
	"cmp"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
)

// maxTokens is how many an account may have.
const maxTokens = 100

// Options of a store. The zero value is good.
type Options struct {
	Log  *slog.Logger  // default slog.Default()
	Poll time.Duration // how often Watch looks at the file; default 100 ms

	// MinPassword is how many characters a new password must have, default
	// MinPassword. Half as many of them, at most 5, must be different.
	MinPassword int

	// How many accounts Register may make within an hour, in all and for one
	// network, loopback excepted; default PerHour and PerNetwork.
	PerHour, PerNetwork int

	// Known is the file of the networks from which accounts have logged in, which
	// Watch writes; "" keeps them until the end of the process.
	Known string
}

// Store is the file of accounts. Any number of goroutines, and of stores in
// several processes, may use one file at once.
type Store struct {
	// static
	path      string
	knownFile string
	poll      time.Duration
	log       *slog.Logger
	door      *door

	minPassword int // characters

	writing sync.Mutex // held by the goroutine that changes the file

	mu      sync.Mutex
	book    *book         // the newest good content
	stamp   stamp         // of the content last read, good or bad
	broken  error         // why the content last read is bad, or nil
	changed chan struct{} // closed when book is replaced
}

// Open returns the store in the file of that path, which appears with the first
// account. Its directory must exist by then. The error of a bad file names the
// line.
func Open(path string, opts Options) (*Store, error) {
	s := &Store{
		path:        path,
		knownFile:   opts.Known,
		poll:        cmp.Or(opts.Poll, 100*time.Millisecond),
		log:         cmp.Or(opts.Log, slog.Default()),
		door:        newDoor(&births{limit: cmp.Or(opts.PerHour, PerHour), perNetwork: cmp.Or(opts.PerNetwork, PerNetwork)}),
		minPassword: cmp.Or(opts.MinPassword, MinPassword),
		changed:     make(chan struct{}),
	}
	var err error
	if s.book, s.stamp, err = readFile(path); err != nil {
		return nil, fileError(err)
	}
	if s.knownFile == "" {
		return s, nil
	}
	if err := s.door.throttle.loadKnown(s.knownFile, s.book, time.Now()); err != nil {
		s.log.Warn("whoever logs in from a new network may have to wait while others guess", "err", err)
	}
	return s, nil
}

// List returns all accounts by name.
func (s *Store) List() ([]Account, error) {
	b, err := s.current()
	if err != nil {
		return nil, err
	}
	return b.accounts(), nil
}

// Known returns all accounts by name as they were when the file could last be
// read or changed.
func (s *Store) Known() []Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.accounts()
}

// Get returns one account, or ErrUnknown.
func (s *Store) Get(name string) (Account, error) {
	b, err := s.current()
	if err != nil {
		return Account{}, err
	}
	if r := b.get(name); r != nil {
		return r.account(), nil
	}
	return Account{}, unknown(name)
}

// Add makes an account of a's name, role and channels, with a password or, if
// that is "", with none yet. It returns ErrExists if the name is taken.
func (s *Store) Add(a Account, password string) error {
	if err := cmp.Or(CheckNew(a.Name), a.check()); err != nil {
		return err
	}
	r := &record{name: a.Name, role: a.Role, channels: otherChannels(a.Name, a.Channels), created: now()}
	if password != "" {
		password = prepare(password)
		if err := s.CheckPassword(a.Name, password); err != nil {
			return err
		}
		r.password, r.scram = newVerifier(password), newSCRAM(password)
	}
	return s.update(func(b *book) (*book, error) { return b.with(r) })
}

// SetPassword gives an account a new password; its tokens and certificates stay
// valid.
func (s *Store) SetPassword(name, password string) error {
	password = prepare(password)
	if err := s.CheckPassword(name, password); err != nil {
		return err
	}
	v, keys := newVerifier(password), newSCRAM(password)
	return s.update(func(b *book) (*book, error) {
		return b.edited(name, func(r *record) error {
			r.password, r.scram = v, keys
			return nil
		})
	})
}

// AddToken makes a token that is valid for a time, or for ever if that is 0. It
// is returned here and never again. Tokens that have expired are forgotten.
func (s *Store) AddToken(name string, expires time.Duration) (token string, err error) {
	return s.AddScopedToken(name, expires, ircbus.ScopeAll)
}

// AddScopedToken is AddToken for a token that is good for the scope alone.
func (s *Store) AddScopedToken(name string, expires time.Duration, scope ircbus.Scope) (token string, err error) {
	if expires < 0 {
		return "", fmt.Errorf("a token cannot expire %v ago", -expires)
	}
	token = newToken()
	t := tokenRecord{sum: sumToken(token), created: now(), scope: scope}
	if expires > 0 {
		t.expires = t.created.Add(expires)
	}
	err = s.update(func(b *book) (*book, error) {
		return b.edited(name, func(r *record) error { return r.addToken(t) })
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// RemoveToken makes the token with that id invalid.
func (s *Store) RemoveToken(name, id string) error {
	return s.update(func(b *book) (*book, error) {
		return b.edited(name, func(r *record) error { return r.removeToken(id) })
	})
}

// Remove ends an account. What it published stays, and the name may be added
// again.
func (s *Store) Remove(name string) error {
	return s.update(func(b *book) (*book, error) { return b.without(name) })
}

// update replaces the file by what change makes of its newest content; several
// updates at once, in whatever process, happen one after the other.
func (s *Store) update(change func(*book) (*book, error)) error {
	s.writing.Lock() // others in this process need not poll for the file's lock
	defer s.writing.Unlock()
	lock, err := lockFile(s.path)
	if err != nil {
		return fileError(err)
	}
	defer lock.Close() // releases; nothing was written to it
	old, err := s.reread()
	if err != nil {
		return fileError(err)
	}
	next, err := change(old)
	if err != nil {
		return err
	}
	next.decoys = s.door.decoyKey(next)
	data, err := next.encode()
	if err != nil {
		return fileError(err)
	}
	at, err := replaceFile(s.path, data)
	if err != nil {
		return fileError(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.install(next, at)
	return nil
}

// reread returns the file's content, without trust in the stamp.
func (s *Store) reread() (*book, error) {
	b, at, err := readFile(s.path)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return b, s.gone(at)
}

// current returns the file's content, read again if the file has changed.
func (s *Store) current() (*book, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refresh(); err != nil {
		return nil, err
	}
	return s.book, nil
}

// refresh reads the file if it has changed. s.mu is held.
func (s *Store) refresh() error {
	at, err := stampFile(s.path)
	if err == nil && at == s.stamp {
		return s.broken
	}
	var b *book
	if err == nil {
		b, at, err = readFile(s.path)
	}
	if err == nil {
		err = s.gone(at)
	} else if at == (stamp{}) {
		at.size = -1 // look again next time
	}
	if err != nil {
		s.stamp, s.broken = at, fileError(err)
		return s.broken
	}
	s.install(b, at)
	return nil
}

// install makes b the content that the file has with that stamp. s.mu is held.
func (s *Store) install(b *book, at stamp) {
	s.book, s.stamp, s.broken = b, at, nil
	close(s.changed)
	s.changed = make(chan struct{})
}

// gone is the error if there is no file where there were accounts: it is more
// likely to be on its way back than that everybody should be locked out. s.mu is
// held.
func (s *Store) gone(at stamp) error {
	if at == (stamp{}) && len(s.book.records) > 0 {
		return fmt.Errorf("%s has disappeared: put it back", s.path)
	}
	return nil
}

// now is the time to be written in the file.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// addToken adds t in the place of those that have expired.
func (r *record) addToken(t tokenRecord) error {
	kept := r.tokens[:0:0]
	for _, old := range r.tokens {
		if !old.expired(t.created) {
			kept = append(kept, old)
		}
	}
	if len(kept) >= maxTokens {
		return fmt.Errorf("%q has %d tokens already: remove one first", r.name, len(kept))
	}
	r.tokens = append(kept, t)
	return nil
}

func (r *record) removeToken(id string) error {
	for i, t := range r.tokens {
		if ircbus.Fold(id) == t.sum.id() {
			r.tokens = append(r.tokens[:i], r.tokens[i+1:]...)
			return nil
		}
	}
	return fmt.Errorf("%q has no token %.20q", r.name, id)
}
