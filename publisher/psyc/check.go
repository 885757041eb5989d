package psyc

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus/publisher/door"
)

// checkWindow is by how much the time in a packet with a proof may differ from
// ours. A repeat within it is recognised by the proof.
const checkWindow = 5 * time.Minute

var (
	errCheck = errors.New("the packet's check does not prove that its sender knows a secret of ours")
	errNUL   = errors.New("a packet with a check of an old kind may have no NUL: others could have extended it")
	errTime  = errors.New("the packet's time is not that of now: it may be a repeat")
)

// digest is the proof that a secret gives for a text (about.psyc.eu/Checksum); ""
// for kinds that prove nothing.
func digest(kind, secret, text string) string {
	var sum []byte
	switch kind {
	case "_check_SHA256":
		// The key is the secret's hash as psyced writes it, in hex.
		hashed := sha256.Sum256([]byte(secret))
		mac := hmac.New(sha256.New, []byte(hex.EncodeToString(hashed[:])))
		mac.Write([]byte(text))
		sum = mac.Sum(nil)
	case "_check_SHA1":
		all := sha1.Sum([]byte(secret + text))
		sum = all[:]
	case "_check_MD5", "_check":
		all := md5.Sum([]byte(secret + text))
		sum = all[:]
	default:
		return ""
	}
	return hex.EncodeToString(sum)
}

// oldChecks are the kinds of checks that hash the secret and then the text, by
// what the name of a client must end with that may use them. Who has seen one such
// check can make that of a longer text without the secret.
var oldChecks = map[string]string{"_check_SHA1": "/sha1", "_check_MD5": "/md5", "_check": "/md5"}

// splitClient is the name of a client, and the old kind of check that its name in
// the file of secrets permits, or "".
func splitClient(listed string) (name, suffix string) {
	for _, suffix := range oldChecks {
		if at := len(listed) - len(suffix); at > 0 && strings.EqualFold(listed[at:], suffix) {
			return listed[:at], suffix
		}
	}
	return listed, ""
}

// oldCheckError says that a client has proven its secret by an old check without
// being listed for it.
type oldCheckError struct{ line string } // to write into the file of secrets

func (e *oldCheckError) Error() string {
	return "the packet's check is of a kind that others can extend: send _check_SHA256"
}

// verify says whose secret the packet's check proves, and whether it may be used
// now.
func (p *Packet) verify(secrets *door.Secrets, now time.Time) (name string, err error) {
	if secrets == nil {
		return "", errCheck
	}
	old := oldChecks[p.Check.Name]
	if old != "" && strings.Contains(p.Signed, "\x00") {
		return "", errNUL
	}
	listed, err := p.prover(secrets)
	if err != nil {
		return "", err
	}
	name, suffix := splitClient(listed)
	switch {
	case listed == "":
		return "", errCheck
	case old != "" && old != suffix:
		return "", &oldCheckError{name + old + " SECRET"}
	}
	if seconds, err := strconv.ParseInt(p.Get("_time"), 10, 64); err == nil {
		if off := now.Sub(time.Unix(seconds, 0)); off > checkWindow || off < -checkWindow {
			return "", errTime
		}
	}
	return name, nil
}

// prover is the name in the file of secrets whose secret the check proves, or "".
// Of several it is one that is listed for the check's kind.
func (p *Packet) prover(secrets *door.Secrets) (listed string, err error) {
	names, err := secrets.Names()
	if err != nil {
		return "", err
	}
	for _, candidate := range names {
		secret, ok, err := secrets.Secret(candidate)
		want := digest(p.Check.Name, secret, p.Signed)
		if err != nil || !ok || want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(p.Check.Values[0])) != 1 {
			continue
		}
		if _, suffix := splitClient(candidate); listed == "" || suffix == oldChecks[p.Check.Name] {
			listed = candidate
		}
	}
	return listed, nil
}
