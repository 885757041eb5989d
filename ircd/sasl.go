package ircd

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/ergochat/irc-go/ircutils"
	"github.com/ircbus/ircbus"
)

// maxSASL limits, in bytes, what a client may send to log in.
const maxSASL = 1024

// saslState is how far a login by AUTHENTICATE has come. It is owned by the read
// loop.
type saslState struct {
	mechanism *mechanism
	exchange  Exchange // of SCRAM
	buffer    ircutils.SASLBuffer
}

func newSASL(m *mechanism) *saslState {
	return &saslState{mechanism: m, buffer: *ircutils.NewSASLBuffer(maxSASL)}
}

// mechanism is a way to log in by SASL. Its step takes a response of the client
// and returns who has logged in, or else the next challenge. It may take long, so
// the server's lock is not held.
type mechanism struct {
	name   string
	usable func(*client) bool
	step   func(*client, []byte) (*Account, string, error)
}

// mechanisms are in the order in which a client should try them.
var mechanisms = []mechanism{
	{"EXTERNAL", (*client).hasCertificate, (*client).saslExternal},
	{"SCRAM-SHA-256", func(c *client) bool { return c.srv.cfg.Accounts != nil }, (*client).saslSCRAM},
	{"PLAIN", func(c *client) bool { return c.srv.cfg.Login != nil }, (*client).saslPlain},
}

// mechanisms names those that this connection can use, as the value of the
// capability sasl has them.
func (c *client) mechanisms() string {
	var names []string
	for _, m := range mechanisms {
		if m.usable(c) {
			names = append(names, m.name)
		}
	}
	return strings.Join(names, ",")
}

// mechanism returns the one of that name, if this connection can use it, or nil.
func (c *client) mechanism(name string) *mechanism {
	for i, m := range mechanisms {
		if strings.EqualFold(m.name, name) && m.usable(c) {
			return &mechanisms[i]
		}
	}
	return nil
}

var errForOther = errors.New("nobody can log in for somebody else")

// saslPlain takes "authzid NUL account NUL secret" (RFC 4616).
func (c *client) saslPlain(response []byte) (*Account, string, error) {
	parts := bytes.Split(response, []byte{0})
	if len(parts) != 3 {
		return nil, "", c.counted(errors.New("the SASL PLAIN response must have an account and a password"))
	}
	actFor, name, secret := string(parts[0]), string(parts[1]), string(parts[2])
	if actFor != "" && ircbus.Fold(actFor) != ircbus.Fold(name) {
		return nil, "", c.counted(errForOther)
	}
	account, err := c.login(name, secret)
	return &account, "", err
}

// saslSCRAM takes the two messages of SCRAM-SHA-256 (RFC 5802, 7677) and then an
// empty one: the client has seen that the server knows its password, too.
func (c *client) saslSCRAM(response []byte) (*Account, string, error) {
	if c.sasl.exchange == nil {
		c.sasl.exchange = c.srv.cfg.Accounts.SCRAM(c.conn.from.Counted)
	}
	if account, ok := c.sasl.exchange.Account(); ok {
		if len(response) > 0 {
			return nil, "", c.counted(errors.New("the last SCRAM response must be empty"))
		}
		return &account, "", nil
	}
	challenge, err := c.sasl.exchange.Step(c.srv.stop, string(response))
	return nil, challenge, c.counted(err)
}

// saslExternal takes the account, or nothing if the certificate is to tell (RFC
// 4422, appendix A).
func (c *client) saslExternal(response []byte) (*Account, string, error) {
	account, err := c.srv.cfg.Accounts.LoginCertificate(c.srv.stop, string(response), c.fingerprint(), c.conn.from.Counted)
	return &account, "", c.counted(err)
}

func (c *client) hasCertificate() bool {
	return c.srv.cfg.Accounts != nil && c.conn.certificate() != nil
}

// fingerprint is the SHA-256, in hex, of the certificate that the client has
// shown; "" if none.
func (c *client) fingerprint() string {
	shown := c.conn.certificate()
	if shown == nil {
		return ""
	}
	sum := sha256.Sum256(shown.Raw)
	return hex.EncodeToString(sum[:])
}
