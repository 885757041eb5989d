package bench

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ircbus/ircbus/ircd/account"
)

// child is a bus that a benchmark runs: this very program, in a process of its
// own.
type child struct {
	env    *Env
	dir    string // its data directory
	remove bool   // dir is temporary

	cmd            *exec.Cmd
	said           *bufio.Reader
	logs           sync.WaitGroup // until everything that it said has been passed on
	irc, tls, http string         // addresses

	password string // of every account
}

// feed is the channel in which the accounts of a child publish.
const feed = "bench"

// accountName is the n-th publisher of a child.
func accountName(n int) string {
	if n == 0 {
		return feed
	}
	return fmt.Sprintf("%s%d", feed, n)
}

// startWithin is how long a bus may take until it is ready, which with a large
// store that was not closed takes a while.
const startWithin = 2 * time.Minute

// newChild prepares a bus with some publishers in a directory, or in a temporary
// one.
func newChild(env *Env, dir string, publishers int) (*child, error) {
	c := &child{env: env, dir: dir, password: account.GeneratePassword()}
	var err error
	if dir == "" {
		c.remove = true
		c.dir, err = os.MkdirTemp("", "ircbus-bench-")
	} else {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		err = c.prepare(publishers)
	}
	if err != nil {
		c.clean()
		return nil, fmt.Errorf("the bus to be measured cannot be prepared: %w", err)
	}
	return c, nil
}

// prepare writes accounts, certificate and configuration.
func (c *child) prepare(publishers int) error {
	accounts, err := account.Open(filepath.Join(c.dir, "accounts.json"), account.Options{Log: c.env.Log})
	if err != nil {
		return err
	}
	for n := range publishers {
		a := account.Account{Name: accountName(n), Role: account.Publisher}
		if n > 0 {
			a.Channels = []string{"#" + feed}
		}
		_, err := accounts.Get(a.Name)
		if err == nil {
			err = accounts.SetPassword(a.Name, c.password)
		} else {
			err = accounts.Add(a, c.password)
		}
		if err != nil {
			return err
		}
	}
	return c.certify()
}

// certify makes a certificate for the TLS listener.
func (c *child) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for name, block := range map[string]*pem.Block{
		"bench.crt": {Type: "CERTIFICATE", Bytes: der}, "bench.key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(c.dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// start runs the bus and waits until it is ready. The addresses of an earlier
// start are used again.
func (c *child) start(ctx context.Context, config string) error {
	file := filepath.Join(c.dir, "bench.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return err
	}
	program, err := c.program()
	if err != nil {
		return err
	}
	c.cmd = exec.Command(program, "serve", "--data", c.dir, "--config", file,
		"--irc", orAny(c.irc), "--irc-tls", orAny(c.tls), "--http", orAny(c.http),
		"--cert", filepath.Join(c.dir, "bench.crt"), "--key", filepath.Join(c.dir, "bench.key"))
	own(c.cmd)
	stderr, err := c.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return fmt.Errorf("the bus to be measured cannot be started: %w", err)
	}
	c.said = bufio.NewReader(stderr)
	stop := context.AfterFunc(ctx, func() { c.cmd.Process.Kill() })
	late := time.AfterFunc(startWithin, func() { c.cmd.Process.Kill() })
	err = c.awaitReady()
	late.Stop()
	if !stop() || err != nil {
		c.kill()
		return fmt.Errorf("the bus to be measured did not start: %w", err)
	}
	c.logs.Go(func() { io.Copy(c.env.Stderr, c.said) })
	return nil
}

// program is the file of the program to run.
func (c *child) program() (string, error) {
	if c.env.Program != "" {
		return c.env.Program, nil
	}
	return os.Executable()
}

func orAny(address string) string {
	if address == "" {
		return "127.0.0.1:0"
	}
	return address
}

// awaitReady reads the addresses that the bus tells, up to "ready".
func (c *child) awaitReady() error {
	last := ""
	for {
		line, err := c.said.ReadString('\n')
		if err != nil {
			return fmt.Errorf("it said %q and ended", last)
		}
		last = strings.TrimSpace(line)
		word, address, _ := strings.Cut(last, "  ")
		address = strings.Trim(strings.TrimPrefix(strings.TrimSpace(address), "http://"), "/")
		switch word {
		case "IRC":
			c.irc = address
		case "IRC over TLS":
			c.tls = address
		case "HTTP":
			c.http = address
		case "ready":
			return nil
		}
	}
}

// stop ends the bus as an operator would.
func (c *child) stop() { c.end(syscall.SIGTERM) }

// kill ends the bus as a power cut would.
func (c *child) kill() { c.end(syscall.SIGKILL) }

func (c *child) end(how os.Signal) {
	if c.cmd != nil {
		c.cmd.Process.Signal(how)
		c.logs.Wait()
		c.cmd.Wait()
		c.cmd = nil
	}
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// clean removes the directory if it is temporary.
func (c *child) clean() {
	if c.remove && c.dir != "" {
		os.RemoveAll(c.dir)
	}
}
