package subscriber

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

// needed are the capabilities that put an event's time and publisher on its line.
var needed = []string{"message-tags", "server-time", "account-tag"}

// LoginError says that the bus has refused the account or its secret.
type LoginError struct {
	Account string // "" if the bus lets nobody in unnamed
	Reason  string // the bus's words
}

func (e *LoginError) Error() string {
	if e.Account == "" {
		return "the bus wants a login: name an account (" + e.Reason + ")"
	}
	return fmt.Sprintf("the bus refused the login as %q: %s", e.Account, e.Reason)
}

// connect makes a connection to the bus's IRC and registers there.
func connect(ctx context.Context, addr string, secure *tls.Config, o *Options) (*live, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	nc, err := dial(ctx, addr, secure, o)
	if err != nil {
		return nil, fmt.Errorf("cannot reach the bus's IRC at %s: %w", addr, err)
	}
	l := newLive(nc)
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	err = register(l, o)
	if !stop() && err != nil {
		err = fmt.Errorf("the bus did not complete the login: %w", context.Cause(ctx))
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("IRC at %s: %w", addr, err)
	}
	return l, nil
}

func dial(ctx context.Context, addr string, secure *tls.Config, o *Options) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if secure != nil {
		c := tls.Client(nc, tlsconfig.Complete(secure))
		if err := c.HandshakeContext(ctx); err != nil {
			nc.Close()
			return nil, err
		}
		return c, nil
	}
	remote, ok := nc.RemoteAddr().(*net.TCPAddr)
	if o.Secret != "" && !o.InsecurePlaintext && !(ok && remote.IP.IsLoopback()) {
		nc.Close()
		return nil, errors.New("the secret would cross the network in plain text: use TLS")
	}
	return nc, nil
}

// registration is where a login stands; one goroutine owns it.
type registration struct {
	live    *live
	options *Options
	offered []string
}

// register goes through CAP, SASL and NICK up to the bus's welcome.
func register(l *live, o *Options) error {
	r := &registration{live: l, options: o}
	nick := o.Nick
	if nick == "" {
		nick = randomNick()
	}
	l.send("CAP LS 302", "NICK "+nick, "USER ircbus 0 * :ircbus follow")
	for {
		m, err := l.read()
		if err != nil {
			return fmt.Errorf("the connection broke during the login: %w", err)
		}
		if done, err := r.handle(&m); done || err != nil {
			return err
		}
	}
}

func randomNick() string { return "f" + strings.ToLower(rand.Text()[:10]) }

// handle takes one line of the bus; done is true after the welcome.
func (r *registration) handle(m *ircmsg.Message) (done bool, err error) {
	reason := last(m.Params)
	switch m.Command {
	case "PING":
		r.live.send("PONG :" + reason)
	case "CAP":
		return false, r.capability(m.Params)
	case "AUTHENTICATE":
		r.authenticate()
	case "903": // RPL_SASLSUCCESS
		r.live.send("CAP END")
	case "432", "433", "436", "437": // the nick is taken, or cannot be had
		r.live.send("NICK " + randomNick())
	case "902", "904", "905", "906", "908", "464", "465": // what SASL, PASS and bans are refused with
		return false, &LoginError{r.options.Account, reason}
	case "FAIL":
		if slices.Contains(m.Params, "ACCOUNT_REQUIRED") || slices.Contains(m.Params, "AUTHENTICATE") {
			return false, &LoginError{r.options.Account, reason}
		}
	case "ERROR":
		return false, fmt.Errorf("the bus closed the connection: %s", reason)
	case "001":
		if len(m.Params) > 0 {
			r.live.nick = m.Params[0]
		}
		return true, nil
	}
	return false, nil
}

// capability follows the negotiation: LS (in one line or several), REQ, ACK.
func (r *registration) capability(params []string) error {
	if len(params) < 3 {
		return nil
	}
	list := strings.Fields(last(params))
	switch params[1] {
	case "LS":
		for _, word := range list {
			name, _, _ := strings.Cut(word, "=")
			r.offered = append(r.offered, name)
		}
		if params[2] == "*" && len(params) > 3 { // more to come
			return nil
		}
		return r.request()
	case "ACK":
		if r.options.Account == "" {
			r.live.send("CAP END")
		} else {
			r.live.send("AUTHENTICATE PLAIN")
		}
	case "NAK":
		return fmt.Errorf("the server refuses the capabilities %s", strings.Join(list, " "))
	}
	return nil
}

func (r *registration) request() error {
	request := slices.Clone(needed)
	if r.options.Account != "" {
		request = append(request, "sasl")
	}
	for _, name := range request {
		if !slices.Contains(r.offered, name) {
			return fmt.Errorf("the server is not a bus: it does not offer %q", name)
		}
	}
	r.live.send("CAP REQ :" + strings.Join(request, " "))
	return nil
}

// authenticate sends SASL PLAIN's answer in pieces of 400 bytes; a last piece
// of exactly 400 is followed by an empty one.
func (r *registration) authenticate() {
	answer := base64.StdEncoding.EncodeToString([]byte("\x00" + r.options.Account + "\x00" + r.options.Secret))
	const piece = 400
	for len(answer) >= piece {
		r.live.send("AUTHENTICATE " + answer[:piece])
		answer = answer[piece:]
	}
	if answer == "" {
		answer = "+"
	}
	r.live.send("AUTHENTICATE " + answer)
}

func last(params []string) string {
	if len(params) == 0 {
		return ""
	}
	return params[len(params)-1]
}
