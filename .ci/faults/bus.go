package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is how long a bus may take for what it must do: far longer than it takes.
const patience = 5 * time.Minute

// bus is a bus that is killed and started again, with its configuration and its
// data directory.
type bus struct {
	program, dir, data, config string
	irc, ircTLS, web           string // addresses
	lmtp, irker, syslog, psyc  string
	token, operator            string // the publisher's, and the password of root
	epoch                      string
	process                    *exec.Cmd
	output                     *lockedBuffer
}

// lockedBuffer holds the end of what a process says.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.b.Len() > 1<<16 {
		l.b.Next(l.b.Len() / 2)
	}
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// freeAddresses are on an address of loopback of their own, and their ports are below
// those that the system gives to connections: while their bus is dead nobody else
// takes them.
func freeAddresses() func() string {
	host := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
	port := 10_000 + rand.IntN(20_000)
	return func() string {
		for {
			port++
			address := fmt.Sprintf("%s:%d", host, port)
			if l, err := net.Listen("tcp", address); err == nil {
				l.Close()
				return address
			}
		}
	}
}

// newBus writes a configuration with every door that can be had on loopback.
func newBus(program, dir, data string) (*bus, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	freeAddress := freeAddresses()
	b := &bus{
		program: program, dir: dir, data: data, config: filepath.Join(dir, "ircbus.toml"),
		irc: freeAddress(), ircTLS: freeAddress(), web: freeAddress(),
		lmtp: freeAddress(), irker: freeAddress(), syslog: freeAddress(), psyc: freeAddress(),
	}
	if err := writeCertificate(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "webhooks"), []byte("wiki "+webhookSecret+"\n"), 0o600); err != nil {
		return nil, err
	}
	text := fmt.Sprintf(`data = %q
irc = %q
irc_tls = %q
http = %q
cert = %q
key = %q
[forge]
secrets_file = %q
[mail]
listen = %q
publishers = { list = "wiki" }
[irker]
listen = %q
[syslog]
tcp = %q
[psyc]
listen = %q
[json.faults]
fields = { page = "/page" }
[alertmanager]
open = true
[cloudevents]
open = true
[incoming]
open = true
[ntfy]
open = true
`, data, b.irc, b.ircTLS, b.web, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "webhooks"), b.lmtp, b.irker, b.syslog, b.psyc)
	return b, os.WriteFile(b.config, []byte(text), 0o600)
}

const webhookSecret = "a-secret-of-webhooks"

// accounts makes the publisher and an operator.
func (b *bus) accounts() error {
	password, err := b.run("account", "add", "root", "--role", "operator", "--generate")
	if err != nil {
		return err
	}
	b.operator = strings.TrimSpace(password)
	if _, err := b.run("account", "add", "wiki", "--role", "publisher", "--generate"); err != nil {
		return err
	}
	token, err := b.run("account", "token", "wiki")
	b.token = strings.TrimSpace(token)
	return err
}

// run runs a command to its end and returns its standard output.
func (b *bus) run(args ...string) (string, error) {
	var out, errs bytes.Buffer
	cmd := exec.Command(b.program, append(args, "--config", b.config)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("ircbus %s: %w: %s%s", args[0], err, errs.String(), out.String())
	}
	return out.String(), nil
}

// launch starts the bus, without waiting for it.
func (b *bus) launch() (ready <-chan struct{}, err error) {
	b.output = &lockedBuffer{}
	b.process = exec.Command(b.program, "serve", "--config", b.config)
	pipe, err := b.process.StderrPipe()
	if err != nil {
		return nil, err
	}
	said := make(chan struct{})
	if err := b.process.Start(); err != nil {
		return nil, err
	}
	go func(out io.Writer) {
		lines := bufio.NewScanner(pipe)
		for closed := false; lines.Scan(); {
			fmt.Fprintln(out, lines.Text())
			if !closed && lines.Text() == "ready" {
				closed = true
				close(said)
			}
		}
	}(b.output)
	return said, nil
}

// start starts the bus and waits until it says that it is ready.
func (b *bus) start() error {
	ready, err := b.launch()
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); ; {
		select {
		case <-ready:
			return nil
		case <-time.After(50 * time.Millisecond):
		}
		if !b.runs() || time.Now().After(deadline) {
			b.kill()
			return fmt.Errorf("the bus does not start: %s", b.output)
		}
	}
}

// runs reports whether the process is there.
func (b *bus) runs() bool {
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", b.process.Process.Pid))
	return err == nil && !bytes.Contains(state, []byte(") Z "))
}

// kill ends the bus as nobody can prepare for.
func (b *bus) kill() {
	if b.process != nil {
		b.process.Process.Signal(syscall.SIGKILL)
		b.process.Wait()
		b.process = nil
	}
}

// pause waits up to a time, left to chance.
func pause(rnd *rand.Rand, most time.Duration) { time.Sleep(time.Duration(rnd.Int64N(int64(most)))) }
