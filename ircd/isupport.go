package ircd

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus"
)

// isupport says what the server can do and where its limits are
// (modern.ircdocs.horse/#rplisupport-005), in a batch for those who know of that
// (ircv3.net/specs/extensions/extended-isupport).
func (c *client) isupport() {
	limits := c.srv.cfg.Limits
	tokens := []string{
		"ACCOUNTEXTBAN=a,account",
		"AWAYLEN=" + strconv.Itoa(maxAwayLen),
		"BOT=B",
		"CASEMAPPING=ascii",
		"CHANLIMIT=#:" + strconv.Itoa(limits.Channels),
		"CHANMODES=" + listModes + "," + keyMode + "," + limitMode + "," + flagModes,
		"CHANNELLEN=" + strconv.Itoa(ircbus.MaxViewLen),
		"CHANTYPES=#",
		"CHATHISTORY=" + strconv.Itoa(MaxHistory),
		"ELIST=CMNTU",
		"EXCEPTS=e",
		"EXTBAN=~,am",
		"INVEX=I",
		"KEYLEN=" + strconv.Itoa(maxKeyLen),
		"KICKLEN=" + strconv.Itoa(maxKickLen),
		"MAXLIST=" + listModes + ":" + strconv.Itoa(limits.Masks),
		"MAXTARGETS=" + strconv.Itoa(maxTargets),
		"MODES=" + strconv.Itoa(maxModes),
		"MONITOR=" + strconv.Itoa(maxMonitor),
		"NAMELEN=" + strconv.Itoa(maxRealLen),
		"MSGREFTYPES=msgid,timestamp",
		"NETWORK=" + strings.ReplaceAll(c.srv.cfg.Network, " ", `\x20`),
		"NICKLEN=" + strconv.Itoa(maxNickLen),
		"PREFIX=(" + rankModes + ")" + prefixes,
		"STATUSMSG=" + prefixes,
		targmax(),
		"TOPICLEN=" + strconv.Itoa(maxTopicLen),
		"USERLEN=" + strconv.Itoa(maxUserLen+1),
		"UTF8ONLY",
		"WHOX",
	}
	if c.srv.cfg.RequireLogin && c.srv.cfg.Password == nil {
		tokens = append(tokens, "draft/ACCOUNTREQUIRED")
	}
	if !c.caps.has(capBatch | capExtendedIsupport) {
		c.replyTokens(tokens)
		return
	}
	c.respondBatch("draft/isupport", nil, func() { c.replyTokens(tokens) })
}

// targmax says how many names a command takes, where that is limited at all
// (modern.ircdocs.horse/#targmax-parameter).
func targmax() string {
	limits := []string{"JOIN:", "LIST:", "PART:"}
	for _, command := range []string{"KICK", "NAMES", "NOTICE", "PRIVMSG", "TAGMSG", "WHOIS"} {
		limits = append(limits, command+":"+strconv.Itoa(maxTargets))
	}
	return "TARGMAX=" + strings.Join(limits, ",")
}

func (c *client) replyTokens(tokens []string) {
	for some := range slices.Chunk(tokens, 13) {
		c.reply("005", append(slices.Clone(some), "are supported by this server")...)
	}
}
