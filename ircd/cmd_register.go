package ircd

import (
	"errors"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdRegister makes an account (ircv3.net/specs/extensions/account-registration)
// and logs in to it. An e-mail address is not looked at.
func (c *client) cmdRegister(msg *ircmsg.Message) error {
	name, err := c.enroll(msg.Params[0], msg.Params[2], func(a Account) {
		c.respond(message{source: c.srv.cfg.Name, command: "REGISTER",
			params: []string{"SUCCESS", a.Name, "The account is there, and you are logged in to it"}})
	})
	var refused *AccountError
	if errors.As(err, &refused) {
		return &failure{command: "REGISTER", code: refused.Code, context: name, reason: refused.Reason}
	}
	return err
}

// cmdVerify says that there is nothing to verify.
func (c *client) cmdVerify(msg *ircmsg.Message) error {
	return &failure{command: "VERIFY", code: "INVALID_CODE", context: msg.Params[0],
		reason: "No account of this server has to be verified"}
}
