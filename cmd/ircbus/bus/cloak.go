package bus

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// CloakFile holds, in the data directory, the key by which people's addresses are
// hidden from one another.
const CloakFile = "cloak.key"

// cloakKeySize is that of the hash, SHA-256, in bytes.
const cloakKeySize = 32

// openCloakKey reads the key, and makes it at the first start: bans are written
// with the hosts that it makes, so it stays. nil: addresses are not hidden.
func openCloakKey(c Config) ([]byte, error) {
	if !c.Cloak {
		return nil, nil
	}
	path := filepath.Join(c.Data, CloakFile)
	key, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return makeCloakKey(path)
	case err != nil:
		return nil, fmt.Errorf("the key of the cloaks cannot be read: %w", err)
	case len(key) != cloakKeySize:
		return nil, fmt.Errorf("%s is damaged: take it from a backup, or remove it, and bans on cloaked hosts mean nobody", path)
	}
	return key, nil
}

func makeCloakKey(path string) ([]byte, error) {
	key := make([]byte, cloakKeySize)
	rand.Read(key) // never fails
	// Whole or not at all, also if the machine stops now.
	temporary := path + ".new"
	err := os.WriteFile(temporary, key, 0o600)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return nil, fmt.Errorf("the key of the cloaks cannot be written: %w", cause(err))
	}
	return key, nil
}
