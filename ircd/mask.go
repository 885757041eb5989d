package ircd

import (
	"cmp"
	"strings"

	"github.com/ircbus/ircbus"
)

// Extended masks say something else than nick!user@host
// (modern.ircdocs.horse/#extban-parameter,
// ircv3.net/specs/extensions/account-extban). They are kept under their letters.
const (
	extAccount = 'a' // ~a:name, ~account:name: logged in so; ~a:* at all; ~!a:… not so
	extMute    = 'm' // ~m:mask, ~mute:mask: may be in the channel, but not speak
)

var extNames = map[string]rune{"a": extAccount, "account": extAccount, "m": extMute, "mute": extMute}

// extended is an extended mask taken apart.
type extended struct {
	kind  rune // 0 if it is not one that there is
	not   bool
	value string
}

// parseExtended reports whether the mask is an extended one: no nick begins
// with ~.
func parseExtended(mask string) (extended, bool) {
	rest, ok := strings.CutPrefix(mask, "~")
	if !ok {
		return extended{}, false
	}
	name, value, _ := strings.Cut(rest, ":")
	name, not := strings.CutPrefix(name, "!")
	return extended{extNames[name], not, value}, true
}

// completeMask makes the full mask of what somebody typed, or says why not.
func completeMask(mask string) (full, why string) {
	x, isExtended := parseExtended(mask)
	switch {
	case mask == "" || mask[0] == ':' || strings.Contains(mask, " "):
		return "", "A mask has no blank and does not begin with a colon"
	case len(mask) > maxMaskLen:
		return "", "A mask has at most " + itoa(maxMaskLen) + " bytes"
	case !isExtended:
		return completeSource(mask), ""
	case x.value == "":
	case x.kind == extAccount && x.not:
		return "~!a:" + x.value, ""
	case x.kind == extAccount:
		return "~a:" + x.value, ""
	case x.kind == extMute && !x.not && !isMute(x.value):
		if muted, why := completeMask(x.value); why == "" {
			return "~m:" + muted, ""
		}
	}
	return "", "The extended masks here are ~account:name, ~!account:name and ~mute:mask"
}

// completeSource makes nick!user@host of a part of it.
func completeSource(mask string) string {
	nick, rest, found := strings.Cut(mask, "!")
	switch {
	case found:
	case strings.Contains(mask, "@"):
		nick, rest = "", mask
	case strings.ContainsAny(mask, ".:/"): // which no nick has
		nick, rest = "", "@"+mask
	}
	user, host, _ := strings.Cut(rest, "@")
	return cmp.Or(nick, "*") + "!" + cmp.Or(user, "*") + "@" + cmp.Or(host, "*")
}

func isMute(mask string) bool {
	x, _ := parseExtended(mask)
	return x.kind == extMute
}

// compileMask returns what finds out whether a complete mask is a person's.
func compileMask(mask string) (matches func(*person) bool) {
	switch x, _ := parseExtended(mask); x.kind {
	case extAccount:
		name := ircbus.NewGlob(x.value)
		return func(p *person) bool { return (p.account != "" && name.Match(p.account)) != x.not }
	case extMute:
		return compileMask(x.value)
	}
	source := ircbus.NewGlob(mask)
	return func(p *person) bool { return source.Match(p.source()) }
}
