package door

import (
	"bufio"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/ircbus/ircbus/publisher/content"
)

// maxSecrets is how many bytes a file of secrets may have.
const maxSecrets = 1 << 20

// Secrets are the names and secrets in a file. Who is taken out of the file, or
// gets another secret, is shut out at once.
type Secrets struct {
	path    string
	behind  *Inlet // whose bus slows down guessing; nil: nobody does
	guesses guesses

	mu     sync.Mutex
	read   os.FileInfo // the file as it was read
	byName map[string]string
	names  []string // in the file's order
}

// OpenSecrets reads a file of which each line is a name, blanks and the secret,
// which may have blanks in it; empty lines and those that begin with # say
// nothing. Others than its owner may not read it.
func OpenSecrets(path string) (*Secrets, error) {
	s := &Secrets{path: path}
	return s, s.load()
}

// Secret is the secret of a name, and whether it has one.
func (s *Secrets) Secret(name string) (secret string, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.refresh()
	secret, ok = s.byName[name]
	return secret, ok && err == nil, err
}

// Check reports whether the secret, which came over a connection from an address,
// is the name's. The error is one of the file, or Admit's.
func (s *Secrets) Check(ctx context.Context, name, secret string, from netip.Addr) (bool, error) {
	want, ok, err := s.Secret(name)
	if err != nil {
		return false, err
	}
	return s.AdmitToken(ctx, name, secret, from, subtle.ConstantTimeCompare([]byte(want), []byte(secret)) == 1 && ok)
}

// Behind makes the bus of a door slow down those who guess. It is called before
// anything else is.
func (s *Secrets) Behind(in *Inlet) *Secrets {
	s.behind = in
	return s
}

// AdmitToken returns whether what somebody has sent as the name's secret is right,
// which the caller has found out. A short one counts as a password does: after many
// wrong ones it is not looked at for a while, with an ErrGuesses. Else it is as with
// Admit.
func (s *Secrets) AdmitToken(ctx context.Context, name, sent string, from netip.Addr, right bool) (bool, error) {
	if len(sent) >= guessable || s.behind == nil || s.behind.Slowly == nil {
		return s.Admit(ctx, from, right)
	}
	if _, known, _ := s.Secret(name); !known {
		name = "" // nothing long is to be remembered
	}
	err := s.behind.Slowly(s.behind.Name+"/"+name, sent, from, func() bool { return right })
	if later, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok {
		seconds := int(math.Ceil(later.RetryAfter().Seconds()))
		return false, &laterError{HTTPError{http.StatusTooManyRequests, err.Error(), max(seconds, 1)}}
	}
	return s.Admit(ctx, from, right)
}

// Admit returns whether what proves a secret that cannot be guessed, and has come
// over a connection from an address, is right: at once if it is. Else that takes a
// while, or until ctx ends, and the error is ErrGuesses if several from there are
// waiting for that already.
func (s *Secrets) Admit(ctx context.Context, from netip.Addr, right bool) (bool, error) {
	return s.guesses.admit(ctx, from, right)
}

// Names are all names that have a secret.
func (s *Secrets) Names() ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names, s.refresh()
}

// Short are the names whose secrets are so short that they could be found by trying:
// at the bus, which guards them as passwords, or from one signed message without it.
func (s *Secrets) Short() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range s.names {
		if len(s.byName[name]) < guessable {
			names = append(names, name)
		}
	}
	return names
}

// refresh reads the file again if it is another one.
func (s *Secrets) refresh() error {
	info, err := os.Stat(s.path)
	if err == nil && s.read != nil && os.SameFile(info, s.read) && info.ModTime().Equal(s.read.ModTime()) &&
		info.Size() == s.read.Size() && info.Mode() == s.read.Mode() && time.Since(info.ModTime()) > time.Second {
		return nil
	}
	return s.load()
}

// load reads the file. If that fails nobody is let in.
func (s *Secrets) load() (err error) {
	s.byName, s.names, s.read = nil, nil, nil
	file, err := os.Open(s.path)
	if err != nil {
		return fmt.Errorf("the file of secrets cannot be read: %w", err)
	}
	defer file.Close() // read only
	info, err := file.Stat()
	switch {
	case err != nil:
		return err
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("the file of secrets is open to others (mode %04o): run chmod 600 %s", info.Mode().Perm(), s.path)
	case info.Size() > maxSecrets:
		return fmt.Errorf("the file of secrets %s has %d bytes, the limit is %d", s.path, info.Size(), maxSecrets)
	}
	byName, names, err := parseSecrets(bufio.NewScanner(content.WithoutBOM(file)))
	if err != nil {
		return fmt.Errorf("the file of secrets %s: %w", s.path, err)
	}
	s.byName, s.names, s.read = byName, names, info
	return nil
}

func parseSecrets(lines *bufio.Scanner) (byName map[string]string, names []string, err error) {
	byName = make(map[string]string)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		end := strings.IndexAny(line, " \t")
		if end < 0 {
			return nil, nil, fmt.Errorf("line %d must be a name, a blank and the secret", n)
		}
		name, secret := line[:end], strings.TrimSpace(line[end:])
		if _, twice := byName[name]; twice {
			return nil, nil, fmt.Errorf("line %d gives %q a second secret", n, name)
		}
		byName[name] = secret
		names = append(names, name)
	}
	if len(names) == 0 && lines.Err() == nil {
		return nil, nil, errors.New("there is no secret in it")
	}
	return byName, names, lines.Err()
}
