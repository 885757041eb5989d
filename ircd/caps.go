package ircd

import "strings"

// capSet is the set of capabilities that a connection has asked for.
type capSet uint64

const (
	capAccountNotify capSet = 1 << iota
	capAccountRegistration
	capAccountTag
	capAwayNotify
	capBatch
	capCapNotify
	capChghost
	capChathistory
	capEventPlayback
	capMultiline
	capDraftNoImplicitNames
	capPreAway
	capReadMarker
	capRedaction
	capEchoMessage
	capExtendedIsupport
	capExtendedJoin
	capExtendedMonitor
	capInviteNotify
	capLabeledResponse
	capMessageTags
	capMultiPrefix
	capNoImplicitNames
	capSASL
	capServerTime
	capSetname
	capStandardReplies
	capSTS
	capUserhostInNames
)

func (c capSet) has(want capSet) bool { return c&want == want }

// capabilities lists what there is. value is told to those who understand version
// 302 of the negotiation; see capValue for others.
var capabilities = []struct {
	bit         capSet
	name, value string
}{
	{capAccountNotify, "account-notify", ""},
	{capAccountTag, "account-tag", ""},
	{capAwayNotify, "away-notify", ""},
	{capBatch, "batch", ""},
	{capCapNotify, "cap-notify", ""},
	{capChghost, "chghost", ""},
	{capAccountRegistration, "draft/account-registration", ""},
	{capChathistory, "draft/chathistory", ""},
	{capEventPlayback, "draft/event-playback", ""},
	{capExtendedIsupport, "draft/extended-isupport", ""},
	{capRedaction, "draft/message-redaction", ""},
	{capMultiline, "draft/multiline", ""},
	{capDraftNoImplicitNames, "draft/no-implicit-names", ""},
	{capPreAway, "draft/pre-away", ""},
	{capReadMarker, "draft/read-marker", ""},
	{capEchoMessage, "echo-message", ""},
	{capExtendedJoin, "extended-join", ""},
	{capExtendedMonitor, "extended-monitor", ""},
	{capInviteNotify, "invite-notify", ""},
	{capLabeledResponse, "labeled-response", ""},
	{capMessageTags, "message-tags", ""},
	{capMultiPrefix, "multi-prefix", ""},
	{capNoImplicitNames, "no-implicit-names", ""}, // and under the name by which many clients know it
	{capSASL, "sasl", ""},
	{capServerTime, "server-time", ""},
	{capSetname, "setname", ""},
	{capStandardReplies, "standard-replies", ""},
	{capSTS, "sts", ""},
	{capUserhostInNames, "userhost-in-names", ""},
}

func capByName(name string) (capSet, bool) {
	for _, c := range capabilities {
		if c.name == name {
			return c.bit, true
		}
	}
	return 0, false
}

// capValue is the value of a capability that depends on the server or on the
// connection, and whether the capability is offered.
func (c *client) capValue(bit capSet) (value string, offered bool) {
	switch bit {
	case capAccountRegistration:
		return c.srv.enrollment()
	case capMultiline:
		return c.srv.multilineLimits(), true
	case capSTS:
		return c.stsPolicy()
	case capSASL:
		value = c.mechanisms()
		return value, value != ""
	}
	return "", true
}

// capNames names all of set that is offered, with values for version 302. What is
// a draft yet comes last.
func (c *client) capNames(set capSet, values bool) []string {
	var names, drafts []string
	for _, known := range capabilities {
		name := known.name
		value, offered := c.capValue(known.bit)
		if value == "" {
			value = known.value
		}
		if values && value != "" {
			name += "=" + value
		}
		switch {
		case !offered || !set.has(known.bit):
		case strings.HasPrefix(name, "draft/"):
			drafts = append(drafts, name)
		default:
			names = append(names, name)
		}
	}
	return append(names, drafts...)
}

// allCaps is everything offered.
const allCaps = capUserhostInNames<<1 - 1

// tagSet says which tags a connection gets on messages. It is what tells the
// renderings of one event apart.
type tagSet uint8

const (
	tagTime    tagSet = 1 << iota // time, by server-time
	tagMsg                        // msgid, bot and client-only tags, by message-tags
	tagAccount                    // account, by account-tag
	tagBatch                      // an event longer than a line is one batch, by draft/multiline
	tagRedact                     // a tombstone is a REDACT in readable channels, by draft/message-redaction

	tagSets = 1 << iota // how many there are
)

func (c capSet) tags() tagSet {
	var t tagSet
	if c.has(capServerTime) {
		t |= tagTime
	}
	if c.has(capMessageTags) {
		t |= tagMsg
	}
	if c.has(capAccountTag) {
		t |= tagAccount
	}
	if c.has(capsMultiline) {
		t |= tagBatch
	}
	if c.has(capRedaction) {
		t |= tagRedact
	}
	return t
}
