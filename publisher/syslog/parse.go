// Package syslog receives what every Unix machine, router and printer can send:
// syslog as RFC 5424 and RFC 3164 have it, over UDP (RFC 5426) and TCP, there with
// octet counting or a message a line (RFC 6587). One message is one event:
//
//	facility, severity   by name: "auth", "err"
//	host       HOSTNAME; where the message has none, the sender's address
//	app        APP-NAME, of RFC 3164 the tag
//	procid, msgid
//	time       TIMESTAMP; RFC 3164 tells neither year nor zone: the latest year
//	           that is not in the future, and the bus's own zone. Of a clock that
//	           is not set (Cisco's *) it is kept as time_
//	comment    the message
//	text       "wiki1 sshd[4711] err: Failed password for root"
//
// A parameter of structured data is a field SD-ID.NAME, with "_" for what no key
// may have: exampleSDID_32473.iut. What has no "<PRI>" counts as user.notice, as
// RFC 3164, 4.3.3, says. Syslog has no ids, so equal messages are several events,
// and no acknowledgements: what comes by UDP is buffered to a limit and then
// lost and counted; senders by TCP are made to wait.
package syslog

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Severity is how urgent a message is: 0 is an emergency, 7 debugging.
type Severity int

var severities = [...]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

var facilities = [...]string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

// ParseSeverity reads a severity's name. The error lists what is allowed.
func ParseSeverity(name string) (Severity, error) {
	for s, known := range severities {
		if known == name {
			return Severity(s), nil
		}
	}
	return 0, ircbus.Refuse(ircbus.InvalidEvent, "there is no severity %q: use %s", name, strings.Join(severities[:], ", "))
}

// Message is one message as it came.
type Message struct {
	Facility                       int // 0–23
	Severity                       Severity
	Time                           time.Time // zero if the message does not say
	TimeText                       string    // what it says instead: a clock that is not set, say
	Host, App, ProcID, MsgID, Text string
	Data                           ircbus.Fields // structured data, as SD-ID.NAME
}

// noticeOfUser is what a message without PRI counts as.
const noticeOfUser = 1*8 + 5

// Parse reads one message. now is the time at which it came, in the zone of
// RFC 3164's timestamps. It fails only for a message that says nothing; the error
// is an *ircbus.Refusal.
func Parse(packet []byte, now time.Time) (Message, error) {
	packet = bytes.Trim(packet, "\r\n\x00 ")
	if count := counted(packet); count > 0 { // logger counts octets over UDP, too
		packet = packet[count:]
	}
	text := string(packet)
	priority, rest := cutPriority(text)
	m := Message{Facility: priority / 8, Severity: Severity(priority % 8)}
	if version, ok := strings.CutPrefix(rest, "1 "); !ok || len(rest) == len(text) || !m.parse5424(version) {
		m.parse3164(rest, now)
	}
	if m.Text == "" && m.App == "" && len(m.Data) == 0 {
		return Message{}, ircbus.Refuse(ircbus.InvalidEvent, "the message is empty")
	}
	return m, nil
}

// counted returns the length of an octet count and its blank before a message
// with PRI, or 0 (RFC 6587, 3.4.1).
func counted(b []byte) int {
	for i, c := range b[:min(len(b), maxCount+2)] {
		switch {
		case '0' <= c && c <= '9' && (i > 0 || c > '0'):
		case c == ' ' && i > 0 && i+1 < len(b) && b[i+1] == '<':
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

// maxCount is how many digits an octet count may have.
const maxCount = 9

// cutPriority reads "<PRI>" (RFC 5424, 6.2.1).
func cutPriority(text string) (priority int, rest string) {
	inner, rest, ok := strings.Cut(strings.TrimPrefix(text, "<"), ">")
	n, err := strconv.ParseUint(inner, 10, 8)
	if !ok || text[0] != '<' || err != nil || len(inner) > 3 || int(n) >= len(facilities)*8 {
		return noticeOfUser, text
	}
	return int(n), rest
}

// Fields makes the event of a message from a sender. maxBody limits it, as
// mapping.Event.Fit says.
func (m Message) Fields(sender netip.Addr, maxBody int) ircbus.Fields {
	host := m.Host
	if host == "" && sender.IsValid() {
		host = sender.String()
	}
	app := m.App
	if m.ProcID != "" {
		app += "[" + m.ProcID + "]"
	}
	severity := severities[m.Severity]
	var e mapping.Event
	if !m.Time.IsZero() {
		e.Add("time", ircbus.FormatTime(m.Time))
	} else {
		e.Keep("time", m.TimeText)
	}
	e.Add("facility", facilities[m.Facility])
	e.Add("severity", severity)
	e.Add("host", host)
	e.Add("app", m.App)
	e.Add("procid", m.ProcID)
	e.Add("msgid", m.MsgID)
	e.Add("comment", m.Text)
	e.Add("text", mapping.Sentence(strings.Join(strings.Fields(host+" "+app+" "+severity), " "), m.Text, ""))
	e.KeepAll(m.Data)
	return e.Fit(maxBody)
}
