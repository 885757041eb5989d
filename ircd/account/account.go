// Package account keeps who may log in to the bus, with which password or
// token, and who may publish where (docs/protocol.md, "Trust").
//
// Everything is in one small JSON file that several processes may use at once:
// a command changes it while the bus runs, and the bus notices.
package account

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// Role says what an account is for.
type Role string

// The roles.
const (
	Publisher Role = "publisher" // speaks in its own #name and its other channels
	User      Role = "user"      // a person: reads and talks
	Operator  Role = "operator"  // a person who runs the bus
)

// ParseRole returns the role of that name.
func ParseRole(name string) (Role, error) {
	switch r := Role(name); r {
	case Publisher, User, Operator:
		return r, nil
	}
	return "", fmt.Errorf("the role %.20q must be publisher, user or operator", name)
}

// Account is one account, without its secrets.
type Account struct {
	Name        string
	Role        Role
	Channels    []string // beyond its own #name; publishers only
	Created     time.Time
	HasPassword bool
	Tokens      []Token // also those that have expired

	Certificates []Certificate

	Via *Token // by which it has logged in; nil: otherwise
}

// Token is one token of an account, without the secret.
type Token struct {
	ID      string // short; begins the SHA-256 of the token, in hex
	Created time.Time
	Expires time.Time // zero: never
	Scope   ircbus.Scope
}

// Errors of this package. The store wraps them with the name they are about.
var (
	ErrUnknown   = errors.New("there is no account")
	ErrExists    = errors.New("there is already an account")
	ErrDenied    = errors.New("the account, password or token is wrong")
	ErrWeak      = errors.New("the password is too weak")
	ErrExpired   = errors.New("the token has expired, a new one is needed")
	ErrThrottled = errors.New("too many logins failed")
	ErrFile      = errors.New("accounts") // the file, of which strangers need not know more
)

// sentence is an error of a kind that says so in its own words.
type sentence struct {
	kind error
	text string
}

func (e *sentence) Error() string { return e.text }
func (e *sentence) Unwrap() error { return e.kind }

// ThrottledError refuses a login that came too soon after failed ones. It is an
// ErrThrottled.
type ThrottledError struct {
	Wait time.Duration // until the next try makes sense
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("%v: try again in %v", ErrThrottled, e.RetryAfter())
}

func (e *ThrottledError) Unwrap() error { return ErrThrottled }

// RetryAfter returns Wait in whole seconds, at least one.
func (e *ThrottledError) RetryAfter() time.Duration {
	return max((e.Wait + time.Second - 1).Truncate(time.Second), time.Second)
}

// Feeds returns the channels in which the account may publish, its own first;
// none if it is not a publisher.
func (a Account) Feeds() []string {
	if a.Role != Publisher {
		return nil
	}
	return append([]string{"#" + a.Name}, a.Channels...)
}

// MayPublish reports whether the account may publish in the channel.
func (a Account) MayPublish(channel string) bool {
	return slices.ContainsFunc(a.Feeds(), func(feed string) bool {
		return ircbus.Fold(feed) == ircbus.Fold(channel)
	})
}

// textSuffix ends the names of readable channels.
const textSuffix = ".text"

// CheckChannel says what is wrong with a channel as a publisher's feed: its
// readable counterpart must have room and not be a feed itself.
func CheckChannel(channel string) error {
	if err := ircbus.CheckChannel(channel); err != nil {
		return err
	}
	if len(channel)+len(textSuffix) > ircbus.MaxChannelLen {
		return fmt.Errorf("the channel %.20q… has %d bytes, the limit of a feed is %d",
			channel, len(channel), ircbus.MaxChannelLen-len(textSuffix))
	}
	if strings.HasSuffix(ircbus.Fold(channel), textSuffix) {
		return fmt.Errorf("the channel %q ends in %s, which is for the readable channel of a feed", channel, textSuffix)
	}
	return nil
}

// CheckNew says what is wrong with the name of an account that is to be made.
func CheckNew(name string) error {
	if err := ircbus.CheckName(name); err != nil {
		return err
	}
	if ircbus.IsService(name) {
		return fmt.Errorf("the name %q is for a service of the bus", name)
	}
	return nil
}

// check says what is wrong with the account as a whole.
func (a Account) check() error {
	if err := ircbus.CheckName(a.Name); err != nil {
		return err
	}
	if _, err := ParseRole(string(a.Role)); err != nil {
		return err
	}
	if a.Role != Publisher && len(a.Channels) > 0 {
		return fmt.Errorf("%q is a %s, and only a publisher has channels", a.Name, a.Role)
	}
	for _, channel := range a.Channels {
		if err := CheckChannel(channel); err != nil {
			return err
		}
	}
	return nil
}

// otherChannels returns channels without repeats and without the account's own.
func otherChannels(name string, channels []string) []string {
	seen := map[string]bool{ircbus.Fold("#" + name): true}
	var kept []string
	for _, channel := range channels {
		if folded := ircbus.Fold(channel); !seen[folded] {
			seen[folded] = true
			kept = append(kept, channel)
		}
	}
	return kept
}
