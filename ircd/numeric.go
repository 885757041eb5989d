package ircd

import (
	"fmt"
	"strings"

	"github.com/ircbus/ircbus"
)

// ircError is a mistake of the client: the error is the reply, a numeric with
// its parameters after the nick. Any other error from a command is ours, is
// logged, and is answered as an internal error.
type ircError struct {
	numeric string
	params  []string
}

func (e *ircError) Error() string { return e.numeric + " " + strings.Join(e.params, " ") }

func numeric(n string, params ...string) *ircError { return &ircError{n, params} }

// failure is a refusal that a client gets as FAIL if it has asked for
// standard-replies (ircv3.net/specs/extensions/standard-replies), or for the
// extension whose FAIL it is; else as a numeric.
type failure struct {
	command, code, context string // context may be ""
	reason                 string
	numeric                string   // "" is 400, for FAILs of an extension
	more                   []string // context after the first
}

// failing are the commands of extensions whose specifications define their FAIL,
// with the capabilities that ask for them. Before it has connected a client may
// register an account without: nobody else knows the command.
var failing = map[string]capSet{
	"BATCH": capMultiline, "CHATHISTORY": capChathistory, "MARKREAD": capReadMarker, "REDACT": capRedaction,
	"REGISTER": 0, "SETNAME": capSetname, "VERIFY": 0,
}

// knows reports whether a client with these capabilities is told by FAIL.
func (f *failure) knows(caps capSet) bool {
	if caps.has(capStandardReplies) || f.code == codeNotUTF8 {
		return true
	}
	need, known := failing[f.command]
	return f.numeric == "" && known && caps.has(need)
}

func (e *failure) Error() string { return e.code + " " + e.reason }

// refused is the failure to publish in a channel with the command.
func refused(command, channel string, r *ircbus.Refusal) *failure {
	return &failure{command: command, code: string(r.Code), context: channel, reason: r.Reason, numeric: "404"}
}

var errNotRegistered = numeric("451", "You have not registered")

// Replies that are the same everywhere (modern.ircdocs.horse/#numerics).
func errNoSuchNick(nick string) error {
	return numeric("401", clip(nick), "There is nobody with this nick")
}

func errNoSuchChannel(channel, why string) error { return numeric("403", clip(channel), why) }

func errCannotSend(channel, why string) error { return numeric("404", clip(channel), why) }

func errNotOnChannel(channel string) error {
	return numeric("442", clip(channel), "You are not on this channel")
}

// errNotThere says that the person is not in the channel.
func errNotThere(p *person, ch *channel) error {
	return numeric("441", p.nick, ch.name, "This person is not on the channel")
}

// errNotConnected says that nobody reads what is sent to the person, a
// publisher.
func errNotConnected(p *person) error {
	return numeric("301", p.nick, "Nobody is connected as "+p.nick+" now, so nobody reads this")
}

func errNotOperator(channel, why string) error { return numeric("482", clip(channel), why) }

// codeNotUTF8 is the one FAIL that comes without having been asked for: UTF8ONLY
// in 005 has told of it (ircv3.net/specs/extensions/utf8-only). Others who do not
// know FAIL are told by 404 behind it.
const codeNotUTF8 = "INVALID_UTF8"

func errNotUTF8(command string) error {
	return &failure{command: clip(command), code: codeNotUTF8, reason: "This server takes UTF-8 only: the line was not carried out"}
}

func errNeedMoreParams(command string) error {
	return numeric("461", clip(command), "Not enough parameters")
}

// clip makes what a client sent safe to repeat as a middle parameter.
func clip(param string) string {
	param = strings.ToValidUTF8(param, "?")
	param, _, _ = strings.Cut(param, " ")
	if param == "" || param[0] == ':' {
		return "*"
	}
	if len(param) > ircbus.MaxViewLen {
		param = strings.ToValidUTF8(param[:ircbus.MaxViewLen], "")
	}
	return param
}

// itoa is for numbers in numerics.
func itoa[T ~int | ~int64 | ~uint64](n T) string { return fmt.Sprint(n) }
