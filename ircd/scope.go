package ircd

import (
	"errors"
	"slices"
	"time"

	"github.com/ergochat/irc-go/ircmsg"

	"github.com/ircbus/ircbus"
)

// Commands that a login by a narrow token is not good for.
var (
	readingCommands  = []string{"CHATHISTORY", "INVITE", "JOIN", "KICK", "LIST", "MARKREAD", "MONITOR", "NAMES", "NOTICE", "PRIVMSG", "TAGMSG", "TOPIC", "WHO", "WHOIS", "WHOWAS"}
	speakingCommands = []string{"BATCH", "INVITE", "KICK", "NOTICE", "PRIVMSG", "REDACT", "TAGMSG", "TOPIC"}
)

// checkScope says that the client's token is not good for a command. What a
// publisher says in its feeds does not come here, see addLine; what is asked of a
// publisher or of NickServ is no speaking.
func (c *client) checkScope(msg *ircmsg.Message) error {
	var refused bool
	switch c.scope { // only the read loop changes it
	case ircbus.ScopePublish:
		refused = slices.Contains(readingCommands, msg.Command)
	case ircbus.ScopeRead:
		refused = slices.Contains(speakingCommands, msg.Command) && !(msg.Command == "PRIVMSG" && c.asksPublisher(msg)) ||
			msg.Command == "MODE" && len(msg.Params) > 1
	}
	if refused {
		return &failure{command: msg.Command, code: "NO_PRIVILEGES", reason: "Your token is good for the scope " + string(c.scope) + " alone", numeric: "481"}
	}
	return nil
}

// asksPublisher reports whether the message is a question to a publisher.
func (c *client) asksPublisher(msg *ircmsg.Message) bool {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	return len(msg.Params) > 0 && c.srv.publishers[foldNick(msg.Params[0])] != nil
}

// provenFor is how long after a login by password, SCRAM or certificate a client
// may change how its account logs in without the password.
const provenFor = 5 * time.Minute

var errNotProven = errors.New("log in with your password, by SCRAM or with a certificate first, not longer than 5 minutes before this; or write your password behind the command")

// mayChangeLogin says why the client may not change how its account logs in. It
// has just proven who it is, or gives the password; a token does not do. It may
// take long, so the server's lock is not held.
func (c *client) mayChangeLogin(name, password string) error {
	if password == "" {
		c.srv.mu.Lock()
		defer c.srv.mu.Unlock()
		if c.proven.IsZero() || time.Since(c.proven) > provenFor {
			return errNotProven
		}
		return nil
	}
	account, err := c.login(name, password)
	if err == nil && account.Token {
		err = errToken
	}
	return err
}

// errToken refuses a token where a password is asked for.
var errToken = errors.New("a token is good for publishing and reading alone: give the password")
