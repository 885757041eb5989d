package bus

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

// maxServerPassword is how many bytes of the server's password fit into PASS.
const maxServerPassword = 400

// loadPassword reads the file and, if it is good, lets in who knows what it says
// from now on. Without a file there is no password.
func (b *Bus) loadPassword(path string) error {
	if path == "" {
		return nil
	}
	password, err := readPassword(path)
	if err != nil {
		return err
	}
	b.password.Store(&password)
	return nil
}

// passwordCheck is what the IRC server asks about the password; nil without one.
func (b *Bus) passwordCheck() func(string, netip.Addr) error {
	if b.password.Load() == nil {
		return nil
	}
	return func(given string, from netip.Addr) error {
		return b.accounts.CheckShared(given, *b.password.Load(), from)
	}
}

// readPassword returns the first line of a file that nobody else may read.
func readPassword(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the server's password cannot be read: %w", err)
	}
	defer f.Close() // read only
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("the server's password is open to others (mode %04o): run chmod 600 %s", info.Mode().Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxServerPassword+6))
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(ircbus.TrimBOM(text)), "\n")
	line = strings.TrimSuffix(line, "\r")
	switch {
	case line == "":
		return "", fmt.Errorf("the first line of %s is empty: it must be the server's password", path)
	case len(line) > maxServerPassword:
		return "", fmt.Errorf("the server's password in %s has more than %d bytes", path, maxServerPassword)
	case strings.Contains(line, ":"):
		return "", fmt.Errorf("the server's password in %s has a colon, by which PASS tells an account from it", path)
	case !utf8.ValidString(line), strings.ContainsFunc(line, unicode.IsControl):
		return "", errors.New("the server's password has a character that IRC cannot carry")
	}
	return line, nil
}
