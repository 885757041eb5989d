package ircd

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// nsIdentify logs in, by default to the account of the nick's name.
func (c *client) nsIdentify(words []string) (string, error) {
	c.srv.mu.Lock()
	name, bound := c.nick, c.bound()
	c.srv.mu.Unlock()
	if bound {
		return "", errBound
	}
	if len(words) > 1 {
		name, words = words[0], words[1:]
	}
	account, err := c.login(name, words[0])
	if err != nil {
		return "", err
	}
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	if err := c.loggedIn(account); err != nil {
		return "", err
	}
	if foldNick(c.nick) == foldNick(account.Name) {
		return "You are logged in as " + account.Name, nil
	}
	return "You are logged in as " + account.Name + ", and its nick is yours: /nick " + account.Name, nil
}

func (c *client) nsRegister(words []string) (string, error) {
	_, err := c.enroll("*", words[0], func(Account) {})
	return "The account is there, and you are logged in to it", err
}

func (c *client) nsPasswd(words []string) (string, error) {
	name, err := c.ownAccount()
	if err == nil {
		err = c.mayChangeLogin(name, words[0])
	}
	if err == nil {
		err = c.renew(func() error { return c.srv.cfg.Accounts.SetPassword(name, words[1]) })
	}
	return "The password is changed; your other connections have to log in again", err
}

func (c *client) nsCert(words []string) (string, error) {
	name, err := c.ownAccount()
	if err != nil {
		return "", err
	}
	switch what, rest := strings.ToUpper(words[0]), words[1:]; {
	case what == "LIST":
		list, err := c.srv.cfg.Accounts.Certificates(name)
		if len(list) == 0 && err == nil {
			return "You have no certificates: CERT ADD adds that of your connection", nil
		}
		return strings.Join(list, "\n"), err
	case what == "ADD":
		return "This certificate logs you in by SASL EXTERNAL from now on", c.addCertificate(name, rest)
	case what == "DEL" && len(rest) > 0:
		if err := c.mayChangeLogin(name, strings.Join(rest[1:], " ")); err != nil {
			return "", err
		}
		err := c.renew(func() error { return c.srv.cfg.Accounts.RemoveCertificate(name, rest[0]) })
		return "This certificate does not log you in any more; your other connections have to log in again", err
	}
	return "Write CERT ADD, CERT LIST or CERT DEL fingerprint", nil
}

// addCertificate adds the connection's own certificate, whose key the client has
// shown to have: of another one anybody may know the fingerprint. That may be given,
// and the password.
func (c *client) addCertificate(name string, words []string) error {
	own := c.fingerprint()
	if own == "" {
		return errors.New("this connection shows no certificate: connect by TLS with the one that you want to add")
	}
	if len(words) > 0 && isFingerprint(words[0]) {
		if !strings.EqualFold(strings.ReplaceAll(words[0], ":", ""), own) {
			return errors.New("this is not the certificate of your connection: connect with the one that you want to add")
		}
		words = words[1:]
	}
	if err := c.mayChangeLogin(name, strings.Join(words, " ")); err != nil {
		return err
	}
	return c.srv.cfg.Accounts.AddCertificate(name, own)
}

// isFingerprint reports whether a word is one of a certificate, and no password: 64
// hexadecimal digits, with or without colons.
func isFingerprint(word string) bool {
	digits, err := hex.DecodeString(strings.ReplaceAll(word, ":", ""))
	return err == nil && len(digits) == sha256.Size
}

// ownAccount is the account that the client is logged in to.
func (c *client) ownAccount() (string, error) {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	switch {
	case c.srv.cfg.Accounts == nil:
		return "", errors.New("accounts cannot be changed on this server")
	case c.account == "":
		return "", errors.New("log in first: IDENTIFY [account] password")
	}
	return c.account, nil
}

// renew makes a change for which LogOut will end the account's connections, but
// not this one, which has made it.
func (c *client) renew(change func() error) error {
	c.setRenewed(true)
	err := change()
	if err != nil {
		c.setRenewed(false)
	}
	return err
}

func (c *client) setRenewed(renewed bool) {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	c.renewed = renewed
}
