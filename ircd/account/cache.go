package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"sync"
)

// cache remembers secrets as HMACs under a key that only this process has: each
// account's last right password, so that a client that logs in with every
// request costs one verification, and the latest wrong secrets, to tell a client
// that repeats its mistake from one that guesses.
type cache struct {
	key [32]byte // static

	mu    sync.Mutex
	right map[string]proof // by folded name; only accounts that exist
	wrong map[mac]struct{}
}

type mac [sha256.Size]byte

type proof struct {
	verifier *verifier // that accepted: another one, after a change, may not
	mac      mac
}

// maxWrong is how many wrong secrets are remembered.
const maxWrong = 4096

func (c *cache) mac(name, secret string) (m mac) {
	h := hmac.New(sha256.New, c.key[:])
	h.Write([]byte(name))
	h.Write([]byte{0}) // no name has it
	h.Write([]byte(secret))
	h.Sum(m[:0])
	return m
}

// has reports whether v has accepted the password already.
func (c *cache) has(name, password string, v *verifier) bool {
	m := c.mac(name, password)
	c.mu.Lock()
	p, ok := c.right[name]
	c.mu.Unlock()
	return ok && hmac.Equal(m[:], p.mac[:]) && p.verifier.equal(v)
}

// put notes that v has accepted the password, and forgets accounts that b lacks.
func (c *cache) put(name, password string, v *verifier, b *book) {
	m := c.mac(name, password)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.right[name] = proof{v, m}
	if len(c.right) <= len(b.records) {
		return
	}
	for name := range c.right {
		if b.byName[name] == nil {
			delete(c.right, name)
		}
	}
}

// again notes a wrong secret and reports whether it was noted already.
func (c *cache) again(name, secret string) bool {
	m := c.mac(name, secret)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.wrong[m]; ok {
		return true
	}
	for old := range c.wrong {
		if len(c.wrong) < maxWrong {
			break
		}
		delete(c.wrong, old)
	}
	c.wrong[m] = struct{}{}
	return false
}
