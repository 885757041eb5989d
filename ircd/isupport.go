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
		"AWAYLEN=" + strconv.Itoa(maxAwayLen),
		"BOT=B",
		"CASEMAPPING=ascii",
		"CHANLIMIT=#:" + strconv.Itoa(limits.Channels),
		"CHANMODES=b,k,l,imnst",
		"CHANNELLEN=" + strconv.Itoa(ircbus.MaxViewLen),
		"CHANTYPES=#",
		"CHATHISTORY=" + strconv.Itoa(MaxHistory),
		"KEYLEN=" + strconv.Itoa(maxKeyLen),
		"MAXLIST=b:" + strconv.Itoa(maxBans),
		"MAXTARGETS=" + strconv.Itoa(maxTargets),
		"MODES=" + strconv.Itoa(maxModes),
		"MONITOR=" + strconv.Itoa(maxMonitor),
		"NAMELEN=" + strconv.Itoa(maxRealLen),
		"MSGREFTYPES=msgid,timestamp",
		"NETWORK=" + strings.ReplaceAll(c.srv.cfg.Network, " ", `\x20`),
		"NICKLEN=" + strconv.Itoa(maxNickLen),
		"PREFIX=(ov)@+",
		"TOPICLEN=" + strconv.Itoa(maxTopicLen),
		"USERLEN=" + strconv.Itoa(maxUserLen+1),
		"UTF8ONLY",
		"WHOX",
	}
	if !c.caps.has(capBatch | capExtendedIsupport) {
		c.replyTokens(tokens)
		return
	}
	c.respondBatch("draft/isupport", nil, func() { c.replyTokens(tokens) })
}

func (c *client) replyTokens(tokens []string) {
	for some := range slices.Chunk(tokens, 13) {
		c.reply("005", append(slices.Clone(some), "are supported by this server")...)
	}
}
