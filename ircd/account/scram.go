package account

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
)

// The cost of making SCRAM keys out of a password, which clients bear at every
// login: about as long as argon2id takes here. RFC 7677 wants 4,096 at least.
const scramIterations = 32 << 10

// Limits of what an accounts file may ask of clients.
const (
	minIterations = 4096
	maxIterations = 10_000_000
	maxSaltLen    = 64
)

// scramKeys are what lets us check a proof by SCRAM-SHA-256 (RFC 5802, 7677) that
// a client knows a password, without learning it.
type scramKeys scram.StoredCredentials

// newSCRAM makes keys of a password. It takes as long as a client needs.
func newSCRAM(password string) *scramKeys {
	salt := make([]byte, saltLen)
	rand.Read(salt) // never fails
	return deriveSCRAM(password, string(salt), scramIterations)
}

func deriveSCRAM(password, salt string, iterations int) *scramKeys {
	client, err := scram.SHA256.NewClient("", password, "")
	if err != nil { // a character that SASLprep does not know, which most clients do not mind
		client, _ = scram.SHA256.NewClientUnprepped("", password, "") // never fails
	}
	keys, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: salt, Iters: iterations})
	if err != nil {
		panic(err) // no salt or no iterations, which nobody asks for
	}
	return (*scramKeys)(&keys)
}

// String writes the keys in the form of RFC 5803, as PostgreSQL does, too.
func (k *scramKeys) String() string {
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", k.Iters, encode([]byte(k.Salt)), encode(k.StoredKey), encode(k.ServerKey))
}

var errSCRAM = errors.New("SCRAM keys must read SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey")

// parseSCRAM reads what String writes, and nothing else.
func parseSCRAM(s string) (*scramKeys, error) {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '$' || r == ':' })
	if len(parts) != 5 || len(s) > 512 {
		return nil, errSCRAM
	}
	iterations, err := strconv.Atoi(parts[1])
	salt, saltErr := base64.StdEncoding.DecodeString(parts[2])
	stored, storedErr := base64.StdEncoding.DecodeString(parts[3])
	server, serverErr := base64.StdEncoding.DecodeString(parts[4])
	k := &scramKeys{KeyFactors: scram.KeyFactors{Salt: string(salt), Iters: iterations}, StoredKey: stored, ServerKey: server}
	if errors.Join(err, saltErr, storedErr, serverErr) != nil || k.String() != s {
		return nil, errSCRAM
	}
	return k, k.check()
}

// check says whether the parameters are within what clients can bear.
func (k *scramKeys) check() error {
	switch {
	case k.Iters < minIterations || k.Iters > maxIterations:
		return fmt.Errorf("the SCRAM keys have %d iterations, which is not between %d and %d", k.Iters, minIterations, maxIterations)
	case len(k.Salt) < minSaltLen || len(k.Salt) > maxSaltLen || len(k.StoredKey) != sumLen || len(k.ServerKey) != sumLen:
		return errors.New("the SCRAM keys have a salt or a key of an unusual length")
	}
	return nil
}

// equal reports whether both come from one password and salt.
func (k *scramKeys) equal(other *scramKeys) bool {
	return k.Iters == other.Iters && k.Salt == other.Salt &&
		bytes.Equal(k.StoredKey, other.StoredKey) && bytes.Equal(k.ServerKey, other.ServerKey)
}
