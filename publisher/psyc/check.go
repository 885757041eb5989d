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
	"time"

	"github.com/ircbus/ircbus/publisher/door"
)

// checkWindow is by how much the time in a packet with a proof may differ from
// ours. A repeat within it is recognised by the proof.
const checkWindow = 5 * time.Minute

var (
	errCheck = errors.New("the packet's check does not prove that its sender knows a secret of ours")
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

// verify says whose secret the packet's check proves, and whether it may be used
// now.
func (p *Packet) verify(secrets *door.Secrets, now time.Time) (name string, err error) {
	if secrets == nil {
		return "", errCheck
	}
	names, err := secrets.Names()
	if err != nil {
		return "", err
	}
	for _, candidate := range names {
		secret, ok, err := secrets.Secret(candidate)
		want := digest(p.Check.Name, secret, p.Signed)
		if err == nil && ok && want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(p.Check.Values[0])) == 1 {
			name = candidate
		}
	}
	if name == "" {
		return "", errCheck
	}
	if seconds, err := strconv.ParseInt(p.Get("_time"), 10, 64); err == nil {
		if off := now.Sub(time.Unix(seconds, 0)); off > checkWindow || off < -checkWindow {
			return "", errTime
		}
	}
	return name, nil
}
