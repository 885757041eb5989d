package ircd

import (
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
		c.failed++
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
		err = c.renew(func() error {
			return c.srv.cfg.Accounts.SetPassword(c.srv.stop, name, words[0], words[1], c.conn.from.Counted)
		})
	}
	return "The password is changed; your other connections have to log in again", err
}

func (c *client) nsCert(words []string) (string, error) {
	name, err := c.ownAccount()
	if err != nil {
		return "", err
	}
	accounts, fingerprint := c.srv.cfg.Accounts, c.fingerprint()
	if len(words) > 1 {
		fingerprint = words[1]
	}
	switch what := strings.ToUpper(words[0]); {
	case what == "LIST":
		list, err := accounts.Certificates(name)
		if len(list) == 0 && err == nil {
			return "You have no certificates: CERT ADD adds that of your connection", nil
		}
		return strings.Join(list, "\n"), err
	case what == "ADD" && fingerprint == "":
		return "", errors.New("this connection shows no certificate: give a fingerprint, or connect by TLS with a certificate")
	case what == "ADD":
		return "This certificate logs you in by SASL EXTERNAL from now on", accounts.AddCertificate(name, fingerprint)
	case what == "DEL" && len(words) > 1:
		err := c.renew(func() error { return accounts.RemoveCertificate(name, fingerprint) })
		return "This certificate does not log you in any more; your other connections have to log in again", err
	}
	return "Write CERT ADD, CERT LIST or CERT DEL fingerprint", nil
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
