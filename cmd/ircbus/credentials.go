package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/webclient"
)

// credentials are the flags of commands that log in to a bus.
type credentials struct {
	Account           string        `help:"The account to log in with." placeholder:"NAME" env:"IRCBUS_ACCOUNT"`
	PasswordFile      string        `help:"File with the account's password or token, readable by its owner alone (default: IRCBUS_PASSWORD or IRCBUS_TOKEN)." placeholder:"FILE"`
	InsecurePlaintext bool          `help:"Send the password to another machine without TLS."`
	Timeout           time.Duration `help:"How long to wait for the bus before giving up." default:"1m"`
}

// overHTTP returns a client for the bus at a base address, and what puts the
// login into a request.
func (c *credentials) overHTTP(base string, s secret) (bus *url.URL, client *http.Client, login func(*http.Request), err error) {
	if bus, err = url.Parse(base); err != nil {
		return nil, nil, nil, usageError(err.Error())
	}
	transport := webclient.Transport()
	if bus.Scheme == "http" && !c.InsecurePlaintext {
		transport.Proxy, transport.DialContext = nil, dialLoopback
	}
	client = &http.Client{
		Transport: transport,
		Timeout:   c.Timeout,
		// The password is for this bus, and for none that it points to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	login = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.text) }
	if c.Account != "" && !s.isToken {
		login = func(r *http.Request) { r.SetBasicAuth(c.Account, s.text) }
	}
	return bus, client, login, nil
}

// secret is what the account logs in with.
type secret struct {
	text    string
	isToken bool // surely a token; a file may hold either
}

// secret finds the credentials: the file, else the environment.
func (c *credentials) secret() (secret, error) {
	if c.PasswordFile != "" {
		text, err := readSecret(c.PasswordFile)
		return secret{text: text}, err
	}
	if password := os.Getenv("IRCBUS_PASSWORD"); password != "" {
		return secret{text: password}, nil
	}
	if token := os.Getenv("IRCBUS_TOKEN"); token != "" {
		return secret{text: token, isToken: true}, nil
	}
	return secret{}, usagef("this needs the account's password: put it into IRCBUS_PASSWORD, a token into IRCBUS_TOKEN, or name a file with --password-file")
}

// readSecret returns the first line of a file that nobody else may read.
func readSecret(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the password file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("the password file: %w", err)
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("the password file %s may be read by others than its owner (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(file, 4096))
	if err != nil {
		return "", fmt.Errorf("the password file: %w", err)
	}
	line, _, _ := strings.Cut(string(ircbus.TrimBOM(text)), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", fmt.Errorf("the password file %s begins with an empty line: the first line must be the password or a token", path)
	}
	return line, nil
}
