package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/ircbus/ircbus/ircd/account"
	"github.com/ircbus/ircbus/publisher/content"
)

// newPassword returns a password fit for the account: made up, or typed twice
// unseen, or the first line of what is piped in.
func (g *globals) newPassword(store *account.Store, name string, generate bool) (string, error) {
	if generate {
		return account.GeneratePassword(), nil
	}
	password, err := g.readPassword(store, name)
	if err != nil {
		return "", err
	}
	return password, store.CheckPassword(name, password)
}

func (g *globals) readPassword(store *account.Store, name string) (string, error) {
	if file, ok := g.stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return g.promptTwice(store, file, name)
	}
	return readFirstLine(g.stdin)
}

// printGenerated prints a generated password.
func (g *globals) printGenerated(password string, generated bool) error {
	if !generated {
		return nil
	}
	if _, err := fmt.Fprintln(g.stdout, password); err != nil {
		return fmt.Errorf("the password could not be printed, make another with ircbus account passwd: %w", err)
	}
	g.tell("The password is not shown again.")
	return nil
}

// readFirstLine reads a line of at most a password's length.
func readFirstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(content.WithoutBOM(r), account.MaxPassword+3)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("reading the password from standard input: %w", err)
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if line == "" {
		return "", errors.New("no password came on standard input: give it in the first line, or use --generate")
	}
	return line, nil
}

// promptTwice asks at the terminal. The terminal is raw meanwhile, so that
// Ctrl-C arrives here as a key and cannot leave it without echo.
func (g *globals) promptTwice(store *account.Store, file *os.File, name string) (_ string, err error) {
	state, err := term.MakeRaw(int(file.Fd()))
	if err != nil {
		return "", fmt.Errorf("cannot ask for the password: %w", err)
	}
	defer func() { err = errors.Join(err, term.Restore(int(file.Fd()), state)) }()
	screen := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{file, g.stderr}, "")
	first, err := screen.ReadPassword("Password for " + name + ": ")
	if err == nil {
		err = store.CheckPassword(name, first)
	} else {
		err = errNoPassword
	}
	if err != nil {
		return "", err
	}
	second, err := screen.ReadPassword("The same again: ")
	switch {
	case err != nil:
		return "", errNoPassword
	case first != second:
		return "", errors.New("the two passwords differ: try again")
	}
	return first, nil
}

var errNoPassword = errors.New("no password was given, nothing has changed")
