package publisher

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/ergochat/irc-go/ircmsg"

	"github.com/ircbus/ircbus/publisher/tlsconfig"
)

// connectTimeout bounds one try: address look-up, TLS, and login, which the bus
// slows down after failures.
const connectTimeout = 30 * time.Second

// needed are the capabilities without which answers could not be told apart; the
// bus groups the acknowledgement of a long event with batch, and gives the id and
// time in tags.
var needed = []string{"sasl", "labeled-response", "echo-message", "message-tags", "batch", "standard-replies"}

// connect makes a connection and logs in. The caller must run its two loops.
func connect(ctx context.Context, o *Options) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	nc, err := dial(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("cannot reach the bus at %s: %w", o.Addr, err)
	}
	c := newConn(nc)
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	err = login(c, o)
	if !stop() && err != nil {
		err = fmt.Errorf("the bus at %s did not complete the login: %w", o.Addr, context.Cause(ctx))
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return c, nil
}

func dial(ctx context.Context, o *Options) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, err
	}
	if o.TLS != nil {
		secure := tls.Client(nc, tlsconfig.Complete(o.TLS))
		if err := secure.HandshakeContext(ctx); err != nil {
			nc.Close()
			return nil, err
		}
		return secure, nil
	}
	if !o.InsecurePlaintext && !isLoopback(nc.RemoteAddr()) {
		nc.Close()
		return nil, errors.New("the password would cross the network in plain text: use TLS")
	}
	return nc, nil
}

func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// login registers with CAP and SASL PLAIN, up to the bus's welcome.
func login(c *conn, o *Options) error {
	l := &loginState{conn: c, options: o}
	// The bus gives a publisher its own nick after the login, and nobody else
	// may ask for that one.
	l.send("CAP LS 302", "NICK p"+rand.Text()[:8], "USER "+o.Account+" 0 * :"+o.Account)
	for {
		line, err := c.readLine()
		if err != nil {
			return fmt.Errorf("the connection to the bus at %s broke during the login: %w", o.Addr, err)
		}
		if done, err := l.handle(&line); done || err != nil {
			return err
		}
	}
}

// loginState is where a registration stands; one goroutine owns it.
type loginState struct {
	conn     *conn
	options  *Options
	offered  []string
	loggedIn bool
}

func (l *loginState) send(lines ...string) { l.conn.writeNow(lines...) }

// handle takes one line of the bus; done is true after the welcome.
func (l *loginState) handle(m *ircmsg.Message) (done bool, err error) {
	reason := ""
	if len(m.Params) > 0 {
		reason = m.Params[len(m.Params)-1]
	}
	switch m.Command {
	case "PING":
		l.send("PONG :" + reason)
	case "CAP":
		return false, l.capability(m.Params)
	case "AUTHENTICATE":
		l.authenticate()
	case "903": // RPL_SASLSUCCESS
		l.loggedIn = true
		l.send("CAP END")
	case "902", "904", "905", "906", "908", "464", "465": // what SASL, PASS and bans are refused with
		return false, &LoginError{l.options.Addr, l.options.Account, reason}
	case "FAIL":
		return false, &LoginError{l.options.Addr, l.options.Account, reason}
	case "ERROR":
		return false, fmt.Errorf("the bus at %s closed the connection: %s", l.options.Addr, reason)
	case "001":
		if !l.loggedIn {
			return false, fmt.Errorf("the server at %s let us in without a login: it is not a bus", l.options.Addr)
		}
		return true, nil
	}
	return false, nil
}

// capability follows the negotiation: LS (in one line or several), REQ, ACK.
func (l *loginState) capability(params []string) error {
	if len(params) < 3 {
		return nil
	}
	list := strings.Fields(params[len(params)-1])
	switch params[1] {
	case "LS":
		for _, word := range list {
			name, _, _ := strings.Cut(word, "=")
			l.offered = append(l.offered, name)
		}
		if params[2] == "*" && len(params) > 3 { // more to come
			return nil
		}
		return l.request()
	case "ACK":
		l.send("AUTHENTICATE PLAIN")
	case "NAK":
		return fmt.Errorf("the server at %s refuses the capabilities %s", l.options.Addr, strings.Join(list, " "))
	}
	return nil
}

func (l *loginState) request() error {
	for _, name := range needed {
		if !slices.Contains(l.offered, name) {
			return fmt.Errorf("the server at %s is not a bus: it does not offer %q", l.options.Addr, name)
		}
	}
	l.send("CAP REQ :" + strings.Join(needed, " "))
	return nil
}

// authenticate sends SASL PLAIN's answer in pieces of 400 bytes; a last piece
// of exactly 400 is followed by an empty one.
func (l *loginState) authenticate() {
	answer := base64.StdEncoding.EncodeToString([]byte("\x00" + l.options.Account + "\x00" + l.options.Secret))
	const piece = 400
	for len(answer) >= piece {
		l.send("AUTHENTICATE " + answer[:piece])
		answer = answer[piece:]
	}
	if answer == "" {
		answer = "+"
	}
	l.send("AUTHENTICATE " + answer)
}
