package ircd

import (
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// nickServ is the nick under which the server itself takes what people without
// SASL are used to write to a service of that name.
const nickServ = "NickServ"

// nickservUsage is what NickServ understands; the number is of words that must
// follow.
var nickservUsage = []struct {
	name  string
	words int
	usage string
}{
	{"IDENTIFY", 1, "IDENTIFY [account] password: log in"},
	{"REGISTER", 1, "REGISTER password: make an account of your nick's name"},
	{"PASSWD", 2, "PASSWD old new: change the password of your account"},
	{"CERT", 1, "CERT ADD [password] | LIST | DEL fingerprint [password]: certificates that log you in by SASL EXTERNAL; ADD adds that of this connection"},
	{"HELP", 0, "HELP: this list"},
}

// cmdNickserv carries out what was written to NickServ. PRIVMSG comes here by
// toNickServ, so that no password is echoed, kept or passed on. It takes long, so
// the server's lock is not held.
func (c *client) cmdNickserv(msg *ircmsg.Message) error {
	words := strings.Fields(strings.Join(msg.Params, " "))
	if len(words) == 0 {
		words = []string{"HELP"}
	}
	text, err := c.askNickServ(strings.ToUpper(words[0]), words[1:])
	if err != nil {
		text = err.Error()
	}
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	for line := range strings.SplitSeq(text, "\n") {
		c.respond(message{source: nickServ + "!" + nickServ + "@" + c.srv.cfg.Name, command: "NOTICE", params: []string{c.nick, line}})
	}
	return nil
}

// askNickServ returns the answer.
func (c *client) askNickServ(name string, words []string) (string, error) {
	for _, u := range nickservUsage {
		if u.name == name && len(words) < u.words {
			return "Write " + u.usage, nil
		}
	}
	switch name {
	case "IDENTIFY":
		return c.nsIdentify(words)
	case "REGISTER":
		return c.nsRegister(words)
	case "PASSWD":
		return c.nsPasswd(words)
	case "CERT":
		return c.nsCert(words)
	case "HELP":
		lines := []string{"Write to me with /msg NickServ, or /nickserv:"}
		for _, u := range nickservUsage {
			lines = append(lines, u.usage)
		}
		return strings.Join(lines, "\n"), nil
	}
	return "Write HELP to see what I understand", nil
}

// toNickServ makes a command of a message to NickServ alone, as clients without
// the command NICKSERV send it.
func (c *client) toNickServ(msg *ircmsg.Message) {
	if msg.Command != "PRIVMSG" || len(msg.Params) < 2 {
		return
	}
	nick, server, _ := strings.Cut(msg.Params[0], "@")
	if strings.EqualFold(nick, nickServ) && (server == "" || strings.EqualFold(server, c.srv.cfg.Name)) {
		msg.Command, msg.Params = "NICKSERV", msg.Params[1:]
	}
}

// errService refuses a message to several of which one is a service, nil if none
// is: a password must not reach the others.
func errService(targets []string) error {
	for _, target := range targets {
		if nick, _, _ := strings.Cut(target, "@"); ircbus.IsService(nick) && len(targets) > 1 {
			return numeric("407", clip(target), "Write to a service alone")
		}
	}
	return nil
}
