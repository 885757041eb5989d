package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// tokenPrefix begins every token, so that people and secret scanners know one
// when they see it, and so that a token is never tried as a password.
const tokenPrefix = "irb_"

// tokenSum is what the store keeps of a token. The token is random in all of its
// 256 bits: it needs neither salt nor a slow hash.
type tokenSum [sha256.Size]byte

func newToken() string {
	var secret [32]byte
	rand.Read(secret[:]) // never fails
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
}

func sumToken(token string) tokenSum { return sha256.Sum256([]byte(token)) }

func isToken(secret string) bool { return strings.HasPrefix(secret, tokenPrefix) }

// id is the short name under which the token is listed.
func (s tokenSum) id() string { return hex.EncodeToString(s[:4]) }

// TokenID returns the short name under which a token is listed.
func TokenID(token string) string { return sumToken(token).id() }

// tokenRecord is a token as the file has it.
type tokenRecord struct {
	sum     tokenSum
	created time.Time
	expires time.Time // zero: never
	scope   ircbus.Scope
}

func (t tokenRecord) token() Token {
	return Token{ID: t.sum.id(), Created: t.created, Expires: t.expires, Scope: t.scope}
}

func (t tokenRecord) expired(now time.Time) bool {
	return !t.expires.IsZero() && !now.Before(t.expires)
}
