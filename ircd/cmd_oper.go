package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdOper makes an operator of who knows an operator's account and password, or
// has logged in with such an account (modern.ircdocs.horse/#oper-message). The
// password is checked without the server's lock.
func (c *client) cmdOper(msg *ircmsg.Message) error {
	account, err := c.operAccount(msg.Params)
	s := c.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if len(msg.Params) > 1 { // a single one may be the password
			name := clip(msg.Params[0])
			c.log().Warn("somebody did not become operator", "nick", c.nick, "account", name)
			s.tellOperators(c, "OPER failed: "+c.source()+" as "+name)
		}
		return err
	}
	if c.isOperator() {
		c.reply("381", "You are an operator already")
		return nil
	}
	c.log().Info("an operator", "nick", c.nick, "account", account)
	s.operate(c.person, account)
	c.announceModes(c, "+o")
	c.reply("381", "You are an operator now")
	s.tellOperators(c, c.source()+" is an operator now, as "+account)
	return nil
}

// operAccount is the operator's account that the parameters stand for.
func (c *client) operAccount(params []string) (string, error) {
	if len(params) == 0 {
		c.srv.mu.Lock()
		defer c.srv.mu.Unlock()
		switch {
		case c.mayOper:
			return c.account, nil
		case c.account == "":
			return "", errNeedMoreParams("OPER")
		}
		return "", numeric("491", "The account "+c.account+" is not an operator's")
	}
	if len(params) < 2 {
		return "", errNeedMoreParams("OPER")
	}
	account, err := c.login(params[0], params[1])
	switch {
	case err != nil:
		return "", numeric("464", err.Error())
	case !account.Operator:
		return "", numeric("491", "This account is not an operator's")
	}
	return account.Name, nil
}
