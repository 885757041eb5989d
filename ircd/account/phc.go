package account

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of one verification: about 20 ms of one core and 19 MiB, OWASP's
// second recommendation for argon2id.
const (
	memoryKiB = 19 << 10
	passes    = 2
	threads   = 1
	saltLen   = 16
	sumLen    = 32
)

// Limits of what an accounts file may ask of us.
const (
	maxMemoryKiB = 256 << 10
	maxPasses    = 16
	maxThreads   = 16
	maxSumLen    = 64
	minSumLen    = 16
	minSaltLen   = 8
)

// verifier is an argon2id hash of a password with its parameters.
type verifier struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
	salt    []byte
	sum     []byte
}

// newVerifier hashes a password. It takes as long as verifying one.
func newVerifier(password string) *verifier {
	v := &verifier{memory: memoryKiB, passes: passes, threads: threads, salt: make([]byte, saltLen)}
	rand.Read(v.salt) // never fails
	v.sum = v.derive(password, sumLen)
	return v
}

// newDummy returns a verifier that costs as much as any and fits no password.
func newDummy() *verifier {
	v := &verifier{memory: memoryKiB, passes: passes, threads: threads, salt: make([]byte, saltLen), sum: make([]byte, sumLen)}
	rand.Read(v.salt)
	rand.Read(v.sum)
	return v
}

func (v *verifier) derive(password string, n int) []byte {
	return argon2.IDKey([]byte(password), v.salt, v.passes, v.memory, v.threads, uint32(n))
}

// verify reports whether the password is the one that was hashed.
func (v *verifier) verify(password string) bool {
	return subtle.ConstantTimeCompare(v.derive(password, len(v.sum)), v.sum) == 1
}

// equal reports whether both accept the same password at the same cost.
func (v *verifier) equal(w *verifier) bool {
	return v.memory == w.memory && v.passes == w.passes && v.threads == w.threads &&
		bytes.Equal(v.salt, w.salt) && bytes.Equal(v.sum, w.sum)
}

var base64PHC = base64.RawStdEncoding.Strict()

// String writes the verifier in the PHC string format.
func (v *verifier) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, v.memory, v.passes, v.threads,
		base64PHC.EncodeToString(v.salt), base64PHC.EncodeToString(v.sum))
}

var errPHC = errors.New("the password hash must read $argon2id$v=19$m=…,t=…,p=…$salt$hash")

// parseVerifier reads what String writes, and nothing else.
func parseVerifier(s string) (*verifier, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || len(s) > 256 {
		return nil, errPHC
	}
	v := new(verifier)
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &v.memory, &v.passes, &v.threads); err != nil {
		return nil, errPHC
	}
	var saltErr, sumErr error
	v.salt, saltErr = base64PHC.DecodeString(parts[4])
	v.sum, sumErr = base64PHC.DecodeString(parts[5])
	if saltErr != nil || sumErr != nil || v.String() != s {
		return nil, errPHC
	}
	return v, v.check()
}

// check says whether the parameters are within what argon2 and we can bear.
func (v *verifier) check() error {
	switch {
	case v.memory < 8*uint32(v.threads) || v.memory > maxMemoryKiB:
		return fmt.Errorf("the password hash has m=%d, which is not between 8p and %d", v.memory, maxMemoryKiB)
	case v.passes < 1 || v.passes > maxPasses:
		return fmt.Errorf("the password hash has t=%d, which is not between 1 and %d", v.passes, maxPasses)
	case v.threads < 1 || v.threads > maxThreads:
		return fmt.Errorf("the password hash has p=%d, which is not between 1 and %d", v.threads, maxThreads)
	case len(v.salt) < minSaltLen || len(v.sum) < minSumLen || len(v.sum) > maxSumLen:
		return errors.New("the password hash has a salt or a hash of an unusual length")
	}
	return nil
}
