package ircd

import "strings"

// capSet is the set of capabilities that a connection has asked for.
type capSet uint32

const (
	capAccountNotify capSet = 1 << iota
	capAccountTag
	capBatch
	capCapNotify
	capChathistory
	capEventPlayback
	capMultiline
	capReadMarker
	capRedaction
	capEchoMessage
	capExtendedIsupport
	capExtendedJoin
	capLabeledResponse
	capMessageTags
	capMultiPrefix
	capSASL
	capServerTime
	capStandardReplies
	capUserhostInNames
)

func (c capSet) has(want capSet) bool { return c&want == want }

// capabilities lists what is offered. value is told to those who understand
// version 302 of the negotiation.
var capabilities = []struct {
	bit         capSet
	name, value string
}{
	{capAccountNotify, "account-notify", ""},
	{capAccountTag, "account-tag", ""},
	{capBatch, "batch", ""},
	{capCapNotify, "cap-notify", ""},
	{capChathistory, "draft/chathistory", ""},
	{capEventPlayback, "draft/event-playback", ""},
	{capExtendedIsupport, "draft/extended-isupport", ""},
	{capRedaction, "draft/message-redaction", ""},
	{capMultiline, "draft/multiline", ""},
	{capReadMarker, "draft/read-marker", ""},
	{capEchoMessage, "echo-message", ""},
	{capExtendedJoin, "extended-join", ""},
	{capLabeledResponse, "labeled-response", ""},
	{capMessageTags, "message-tags", ""},
	{capMultiPrefix, "multi-prefix", ""},
	{capSASL, "sasl", "PLAIN"},
	{capServerTime, "server-time", ""},
	{capStandardReplies, "standard-replies", ""},
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

// capNames names all of set, with values for version 302. What is a draft yet
// comes last.
func (s *Server) capNames(set capSet, values bool) []string {
	var names, drafts []string
	for _, c := range capabilities {
		name, value := c.name, c.value
		if c.bit == capMultiline {
			value = s.multilineLimits()
		}
		if values && value != "" {
			name += "=" + value
		}
		switch {
		case !set.has(c.bit):
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
