// Package mediawiki receives what every MediaWiki can send by itself through
// $wgRCFeeds: a UDP packet for each recent change, as JSON
// (JSONRCFeedFormatter), XML (XMLRCFeedFormatter) or MediaWiki's coloured IRC
// line (IRCColourfulRCFeedFormatter). It also reads the JSON of Wikimedia's
// EventStreams, which is the same with an envelope. In LocalSettings.php:
//
//	$wgRCFeeds['ircbus'] = [
//		'uri' => 'udp://127.0.0.1:8669',
//		'formatter' => 'JSONRCFeedFormatter',
//	];
//
// The mapping to an event:
//
//	wiki       wiki; of an IRC line the feed's prefix without #, else the interwiki prefix
//	page       title; of a log entry the page it is about
//	action     edit is SAVE, new is SAVENEW, a log entry is log_type/log_action
//	           ("move/move"), anything else its type ("categorize")
//	user, comment, minor=1, bot=1
//	time       timestamp
//	rev, oldrev, size, oldsize       revision and length
//	url, diff  title_url, and of an edit notify_url (newer versions send them)
//	ns         namespace
//	patrolled  1 or 0, only where patrolling is on
//	rcid       id, which on the bus means something else
//	key        from wiki and id; where id is null, wiki and log_id
//
// Everything else keeps its name: log_id, log_action_comment (with its HTML
// entities), server_url, server_script_path, log_params.target and so on. Left
// out are empty values, server_name where it is that of server_url, and the
// envelope ($schema, meta). If there is too much for an event, mapping.Event.Fit
// says what goes.
package mediawiki

import (
	"bytes"
	"regexp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Change is one recent change of one wiki.
type Change struct {
	Wiki   string        // what the wiki calls itself; "" if an IRC line does not say
	Fields ircbus.Fields // as ircbus.Accept takes them

	// Where the wiki is, if the packet tells: "https://en.wikipedia.org", "/w".
	ServerURL, ScriptPath string
}

// MaxWikiLen limits, in bytes, what a wiki may call itself.
const MaxWikiLen = 128

// Parse reads one packet. The error is an *ircbus.Refusal that says what is
// wrong with it.
func Parse(packet []byte) (*Change, error) {
	prefix, body := cutPrefix(ircbus.TrimBOM(packet))
	var raw mapping.Flat
	var err error
	switch {
	case len(body) > 0 && body[0] == '{':
		raw, err = parseJSON(body)
	case len(body) > 0 && body[0] == '<':
		raw.Fields, err = parseXML(body)
	default:
		return parseLine(prefix, string(bytes.TrimRight(body, "\r\n")))
	}
	if err != nil {
		return nil, err
	}
	if isStreamEvent(raw) {
		return mapStream(raw)
	}
	return mapFields(raw)
}

// feedPrefix is the path of a feed's address, "udp://host:port/#en.wiki", which
// MediaWiki puts in front of each line; the address may end in a TAB.
var feedPrefix = regexp.MustCompile(`^(#[^\s\x00-\x20]+)[\t ]+`)

// cutPrefix takes the feed's prefix off and the white space before the packet.
func cutPrefix(packet []byte) (prefix string, body []byte) {
	if m := feedPrefix.FindSubmatch(packet); m != nil {
		prefix = string(m[1])
		packet = bytes.ReplaceAll(packet[len(m[0]):], append([]byte("\n"), m[0]...), []byte("\n"))
	}
	return prefix, bytes.TrimLeft(packet, " \t\r\n")
}

func malformed(format string, args ...any) error {
	return ircbus.Refuse(ircbus.InvalidEvent, format, args...)
}
