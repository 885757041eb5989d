package account

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

// Limits of passwords.
const (
	MinPassword      = 10  // characters, unless Options say otherwise
	MaxPassword      = 600 // bytes, so that SASL has room for it
	minDistinctRunes = 5
)

// CheckPassword says why a password cannot be that of the named account: too
// short, too easy, or not to be carried by every protocol.
func (s *Store) CheckPassword(name, password string) error {
	password = prepare(password)
	switch half := s.minPassword / 2; {
	case strings.ContainsFunc(password, unicode.IsControl):
		return errors.New("the password has a control character: use letters, digits, signs and spaces")
	case utf8.RuneCountInString(password) < s.minPassword:
		return weakf("the password is too short: use at least %d characters", s.minPassword)
	case len(password) > MaxPassword:
		return fmt.Errorf("the password has %d bytes: use at most %d", len(password), MaxPassword)
	case strings.TrimSpace(password) != password:
		return errors.New("the password begins or ends with a space, which many programs cut off")
	case strings.HasPrefix(password, tokenPrefix):
		return fmt.Errorf("the password begins with %s, which is how tokens begin", tokenPrefix)
	case distinct(password) < min(minDistinctRunes, half):
		return weakf("the password is too easy: use at least %d different characters", min(minDistinctRunes, half))
	case remainder(name, password) < half:
		return weakf("the password is too easy: it is little more than the account's name")
	}
	return nil
}

// weakf is an ErrWeak that says why.
func weakf(format string, args ...any) error { return &sentence{ErrWeak, fmt.Sprintf(format, args...)} }

func distinct(s string) int {
	runes := map[rune]bool{}
	for _, r := range s {
		runes[r] = true
	}
	return len(runes)
}

// remainder is how many characters remain of the password without the name.
func remainder(name, password string) int {
	return utf8.RuneCountInString(strings.ReplaceAll(ircbus.Fold(password), ircbus.Fold(name), ""))
}

// GeneratePassword returns a random password of 130 bits, in letters and digits
// that are not mistaken for one another.
func GeneratePassword() string { return strings.ToLower(rand.Text()) }
