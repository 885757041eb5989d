package ircd

import (
	"cmp"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdOper makes an operator of who knows an operator's account and password, or
// has logged in with such an account (modern.ircdocs.horse/#oper-message). The
// password is checked without the server's lock.
func (c *client) cmdOper(msg *ircmsg.Message) error {
	account, err := c.operAccount(msg.Params)
	s := c.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if len(msg.Params) > 1 {
			name := s.knownAccount(msg.Params[0])
			c.log().Warn("somebody did not become operator", "nick", c.nick, "account", name)
			s.tellOperators(c, "OPER failed: "+c.source()+" as "+cmp.Or(name, "somebody unknown"))
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

// knownAccount is the account of that name, or "": what is none may be a password,
// which goes neither into the log nor to operators.
func (s *Server) knownAccount(name string) string {
	key := foldNick(name)
	if p := s.publishers[key]; p != nil {
		return p.name
	}
	return s.owners[key]
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
		case c.proven.IsZero():
			return "", numeric("491", errToken.Error())
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
	case account.Token:
		return "", numeric("491", errToken.Error())
	case !account.Operator:
		return "", numeric("491", "This account is not an operator's")
	}
	return account.Name, nil
}
