package bench

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// Server are the flags that say which server is measured.
type Server struct {
	Addr         string `help:"Server to measure. Without it this program runs a bus of its own, in a temporary directory." placeholder:"HOST:PORT" name:"server" aliases:"addr"`
	TLS          bool   `help:"Connect over TLS." name:"tls"`
	Insecure     bool   `help:"Do not check the server's certificate."`
	Password     string `help:"File with the server's password (PASS)." name:"server-password-file" placeholder:"FILE"`
	Account      string `help:"Account of the publishers (SASL PLAIN). With it the server is taken for a bus, and --channel is a feed." placeholder:"NAME"`
	PasswordFile string `help:"File with the password of the account." placeholder:"FILE"`
	Channel      string `help:"Channel to publish in (default: the account's own, or #bench)." placeholder:"#CHANNEL"`
	Nick         string `help:"With what nicks begin." default:"b"`
	Pid          int    `help:"Process of the server, whose processor time and memory are measured."`
	Data         string `help:"Keep the data of a bus of its own here (default: a temporary directory)." name:"keep" placeholder:"DIR"`
	Width        int    `help:"So many connect and join at one time (default: 100; 1000 in a storm)."`
	Threads      int    `help:"Threads of the load side (default: a quarter of the processors)."`
}

// session is a server under measurement.
type session struct {
	*Server
	env    *Env
	child  *child // nil if the server is somebody else's
	target load.Target
	bus    bool // it speaks events, and acknowledges
	secret string
	named  string // what it says of itself
}

// open reaches the server, or starts one with so many publishers and with more
// lines in its configuration.
func (s *Server) open(env *Env, publishers int, config string) (*session, error) {
	if s.Width < 1 {
		s.Width = 100
	}
	o := &session{Server: s, env: env, bus: s.Addr == "" || s.Account != ""}
	if publishers < 1 || publishers > load.MaxPublishers {
		return nil, fmt.Errorf("--publishers must be between 1 and %d", load.MaxPublishers)
	}
	if err := o.secrets(); err != nil {
		return nil, err
	}
	if s.Addr == "" {
		if err := o.startChild(publishers, config); err != nil {
			return nil, err
		}
	}
	if s.Channel == "" {
		s.Channel = "#" + feed
		if s.Account != "" {
			s.Channel = "#" + s.Account
		}
	}
	if err := o.aim(); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

// startChild runs a bus of our own.
func (o *session) startChild(publishers int, config string) error {
	c, err := newChild(o.env, o.Data, publishers)
	if err == nil {
		if err = c.start(o.env.Context, config); err != nil {
			c.clean()
		}
	}
	if err != nil {
		return err
	}
	o.child, o.Pid = c, c.pid()
	return nil
}

// aim works the target out.
func (o *session) aim() error {
	o.target = load.Target{Addr: o.Addr, Nick: o.Nick, Password: o.Password}
	if o.child != nil {
		o.target.Addr = o.child.irc
		if o.TLS {
			o.target.Addr = o.child.tls
		}
	}
	if o.TLS {
		o.target.TLS = &tls.Config{InsecureSkipVerify: o.Insecure || o.child != nil, MinVersion: tls.VersionTLS12}
		if host, _, err := net.SplitHostPort(o.Addr); err == nil {
			o.target.TLS.ServerName = host
		}
	}
	return o.target.Resolve()
}

// secrets reads the passwords.
func (o *session) secrets() (err error) {
	if o.Server.Password != "" {
		if o.Server.Password, err = firstLine(o.Server.Password); err != nil {
			return err
		}
	}
	if o.Account == "" {
		return nil
	}
	if o.Addr == "" {
		return errors.New("--account goes with --server: a bus of its own has its own accounts")
	}
	if o.PasswordFile == "" {
		o.secret = os.Getenv("IRCBUS_PASSWORD")
		return nil
	}
	o.secret, err = firstLine(o.PasswordFile)
	return err
}

// firstLine reads the first line of a file.
func firstLine(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("the password cannot be read: %w", err)
	}
	defer file.Close()
	line, err := bufio.NewReader(file).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("the password cannot be read: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", fmt.Errorf("the first line of %s has no password", name)
	}
	return line, nil
}

// login is how the n-th publisher gets in.
func (o *session) login(n int) load.Login {
	switch {
	case o.child != nil:
		return load.Login{Account: accountName(n), Password: o.child.password}
	case o.bus:
		return load.Login{Account: o.Account, Password: o.secret}
	}
	return load.Login{Channel: o.Channel}
}

// publishers brings n publishers in.
func (o *session) publishers(ctx context.Context, n int) (list []*load.Publisher, err error) {
	for i := range n {
		p, err := load.DialPublisher(ctx, o.target, i, o.login(i))
		if err != nil {
			closeAll(list)
			return nil, err
		}
		o.named = p.Server
		list = append(list, p)
	}
	return list, nil
}

func closeAll(publishers []*load.Publisher) {
	for _, p := range publishers {
		p.Close()
	}
}

// close ends a bus of our own and removes its data.
func (o *session) close() {
	if o.child != nil {
		o.child.stop()
		o.child.clean()
	}
}
