package bus

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/ircbus/ircbus"
)

// CloakFile holds, in the data directory, the key by which people's addresses are
// hidden from one another.
const CloakFile = "cloak.key"

// cloakKeySize is that of the hash, SHA-256, in bytes.
const cloakKeySize = 32

// openCloakKey reads the key, and makes it at the first start: bans are written
// with the hosts that it makes, so it stays. nil: addresses are not hidden.
func openCloakKey(c Config, log *slog.Logger) ([]byte, error) {
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
	case !goodCloakKey(key):
		return renewCloakKey(path, log)
	}
	return key, nil
}

// goodCloakKey reports whether a file's content is a key. Versions that did not
// sync it could leave a file that is empty, cut, or nothing but zero bytes, which
// everybody could guess.
func goodCloakKey(key []byte) bool {
	return len(key) == cloakKeySize && !bytes.Equal(key, make([]byte, cloakKeySize))
}

// renewCloakKey sets a damaged key aside and makes a new one. The bus would rather
// start without the bans on cloaked hosts than not at all.
func renewCloakKey(path string, log *slog.Logger) ([]byte, error) {
	aside := path + ".damaged"
	if err := ircbus.MoveFile(path, aside); err != nil {
		return nil, fmt.Errorf("the damaged key of the cloaks cannot be set aside: %w", err)
	}
	log.Error("the key of the cloaks was damaged and is new now: earlier bans on cloaked hosts match nobody; "+
		"to have them back, stop the bus and restore the file from a backup", "file", path, "damaged", aside)
	return makeCloakKey(path)
}

func makeCloakKey(path string) ([]byte, error) {
	key := make([]byte, cloakKeySize)
	rand.Read(key) // never fails
	if err := ircbus.ReplaceFile(path, key); err != nil {
		return nil, fmt.Errorf("the key of the cloaks cannot be written: %w", cause(err))
	}
	return key, nil
}
