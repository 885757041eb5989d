package ircd

import (
	"errors"
	"unicode/utf8"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// command is how a line is carried out. Its error is the reply, see ircError.
type command struct {
	run    func(*client, *ircmsg.Message) error
	params int  // at least so many
	early  bool // also before registration
	alone  bool // run without Server.mu, since it may take long
}

// commands are all that clients can send.
var commands = map[string]command{
	"ADMIN":        {run: (*client).cmdAdmin},
	"AUTHENTICATE": {run: (*client).cmdAuthenticate, params: 1, early: true, alone: true},
	"AWAY":         {run: (*client).cmdAway, early: true},
	"BATCH":        {run: (*client).cmdBatch, params: 1},
	"CAP":          {run: (*client).cmdCap, params: 1, early: true},
	"CHATHISTORY":  {run: (*client).cmdChathistory},
	"HELP":         {run: (*client).cmdHelp},
	"HELPOP":       {run: (*client).cmdHelp},
	"INFO":         {run: (*client).cmdInfo},
	"INVITE":       {run: (*client).cmdInvite},
	"ISON":         {run: (*client).cmdIson, params: 1},
	"ISUPPORT":     {run: (*client).cmdIsupport, early: true},
	"JOIN":         {run: (*client).cmdJoin, params: 1},
	"KICK":         {run: (*client).cmdKick, params: 2},
	"KILL":         {run: (*client).cmdKill, params: 1},
	"KLINE":        {run: (*client).cmdKLine, params: 1, alone: true},
	"LINKS":        {run: (*client).cmdLinks},
	"LIST":         {run: (*client).cmdList},
	"LUSERS":       {run: (*client).cmdLusers},
	"MARKREAD":     {run: (*client).cmdMarkread},
	"MODE":         {run: (*client).cmdMode, params: 1},
	"MONITOR":      {run: (*client).cmdMonitor, params: 1},
	"MOTD":         {run: (*client).cmdMotd},
	"NAMES":        {run: (*client).cmdNames},
	"NICK":         {run: (*client).cmdNick, early: true},
	"NICKSERV":     {run: (*client).cmdNickserv, alone: true},
	"NOTICE":       {run: (*client).cmdNotice},
	"OPER":         {run: (*client).cmdOper, alone: true},
	"NS":           {run: (*client).cmdNickserv, alone: true},
	"PART":         {run: (*client).cmdPart, params: 1},
	"PASS":         {run: (*client).cmdPass, params: 1, early: true},
	"PING":         {run: (*client).cmdPing, early: true},
	"PONG":         {run: (*client).cmdPong, early: true},
	"PRIVMSG":      {run: (*client).cmdPrivmsg},
	"QUIT":         {run: (*client).cmdQuit, early: true},
	"REDACT":       {run: (*client).cmdRedact, params: 2},
	"REGISTER":     {run: (*client).cmdRegister, params: 3, early: true, alone: true},
	"REHASH":       {run: (*client).cmdRehash, alone: true},
	"SETNAME":      {run: (*client).cmdSetname, params: 1},
	"STATS":        {run: (*client).cmdStats, params: 1},
	"TAGMSG":       {run: (*client).cmdPrivmsg},
	"TIME":         {run: (*client).cmdTime},
	"TOPIC":        {run: (*client).cmdTopic, params: 1},
	"UNKLINE":      {run: (*client).cmdUnkline, params: 1, alone: true},
	"USER":         {run: (*client).cmdUser, params: 4, early: true},
	"USERHOST":     {run: (*client).cmdUserhost, params: 1},
	"VERIFY":       {run: (*client).cmdVerify, params: 2, early: true},
	"VERSION":      {run: (*client).cmdVersion},
	"WALLOPS":      {run: (*client).cmdWallops, params: 1},
	"WHO":          {run: (*client).cmdWho},
	"WHOIS":        {run: (*client).cmdWhois},
	"WHOWAS":       {run: (*client).cmdWhowas},
}

// Replies to lines that are not messages.
var (
	errInputTooLong = numeric("417", "The line was too long: at most 512 bytes, and 4096 of tags before it")
	errBadLine      = numeric("400", "*", "The line has a byte that no line may have (NUL or CR)")
)

// handle carries out one line. An error ends the connection.
func (c *client) handle(line string) error {
	msg, err := ircmsg.ParseLineStrict(line, true, maxLine)
	if err == nil && (c.collect(&msg) || c.take(&msg)) {
		return nil
	}
	c.publish() // what came before keeps its order
	switch {
	case errors.Is(err, ircmsg.ErrorLineIsEmpty):
		return nil
	case errors.Is(err, ircmsg.ErrorBodyTooLong), errors.Is(err, ircmsg.ErrorTagsTooLong):
		c.refuse(&msg, errInputTooLong)
		return nil
	case errors.Is(err, ircmsg.ErrorInvalidTagContent):
		c.refuse(&msg, errNotUTF8("*"))
		return nil
	case err != nil:
		c.refuse(&msg, errBadLine)
		return nil
	}
	if err := c.dispatch(&msg); err != nil {
		return err
	}
	return c.register()
}

// refuse answers a line that is not a message, with the label if it got as far
// as that.
func (c *client) refuse(msg *ircmsg.Message, err error) {
	c.lock()
	c.label = labelOf(msg)
	c.answer("*", err)
	c.flush()
	c.unlock()
	if c.batch != nil && !c.batch.failed {
		c.failBatch(errMultiline("A line that came in between could not be read"))
	}
}

// maxLabel is the longest label, in bytes; a longer one is none
// (ircv3.net/specs/extensions/labeled-response).
const maxLabel = 64

func labelOf(msg *ircmsg.Message) string {
	if _, label := msg.GetTag("label"); len(label) <= maxLabel {
		return label
	}
	return ""
}

// dispatch runs a command and answers it. The error, an errQuit, ends the
// connection.
func (c *client) dispatch(msg *ircmsg.Message) error {
	c.toNickServ(msg)
	cmd, err := c.check(msg)
	if err == nil && cmd.alone {
		c.conn.endTurn()
		err = cmd.run(c, msg)
	}
	c.conn.beginTurn()
	c.lock()
	defer c.unlock()
	if err == nil {
		c.srv.used[msg.Command]++
	}
	c.label = labelOf(msg)
	if err == nil && !cmd.alone {
		err = cmd.run(c, msg)
	}
	var quit errQuit
	if errors.As(err, &quit) {
		c.flush()
		return err
	}
	c.answer(msg.Command, err)
	c.lookUp(msg.Command)
	c.flush()
	return c.tooManyFailed()
}

// check makes the checks that are the same for all commands.
func (c *client) check(msg *ircmsg.Message) (command, error) {
	cmd, known := commands[msg.Command]
	switch {
	case !known:
		return cmd, numeric("421", clip(msg.Command), "Unknown command")
	case !c.registered && !cmd.early:
		return cmd, errNotRegistered
	case len(msg.Params) < cmd.params:
		return cmd, errNeedMoreParams(msg.Command)
	}
	if err := decode(msg); err != nil {
		return cmd, err
	}
	return cmd, c.checkScope(msg)
}

// decode takes what is not UTF-8 as Latin-1, as old clients write it, but for
// the texts that are relayed: of these our UTF8ONLY promises that they are
// refused (ircv3.net/specs/extensions/utf8-only). A password stays as it is.
func decode(msg *ircmsg.Message) error {
	for i, param := range msg.Params {
		switch {
		case utf8.ValidString(param) || msg.Command == "PASS":
		case msg.Command == "PRIVMSG" || msg.Command == "NOTICE" || msg.Command == "TAGMSG":
			return errNotUTF8(msg.Command)
		default:
			msg.Params[i] = ircbus.ToUTF8(param)
		}
	}
	return nil
}
