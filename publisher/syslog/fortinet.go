package syslog

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"github.com/ircbus/ircbus/publisher/mapping"
)

var (
	fortinet = regexp.MustCompile(`^(?:\S+=\S+ )?(?:date=\S+,? ?time=\S+|time=\S+,? ?date=\S+)`)
	pair     = regexp.MustCompile(`([A-Za-z_]+)=("[^"]*"|[^\s,]*)`)
)

// parseFortinet reads a message of FortiGate's, which has everything as NAME=VALUE:
// host, time, severity by its PRI, and the number of the kind of message. The whole is
// its text.
func (m *Message) parseFortinet(text string, now time.Time) bool {
	if !fortinet.MatchString(text) {
		return false
	}
	values := make(map[string]string)
	for _, found := range pair.FindAllStringSubmatch(text, maxParameters) {
		if _, twice := values[found[1]]; !twice {
			values[found[1]] = strings.Trim(found[2], `"`)
		}
	}
	m.Host, m.MsgID, m.Text = cmp.Or(values["devname"], values["device_id"], values["devid"]), cmp.Or(values["logid"], values["log_id"]), text
	m.App = values["type"]
	at, ok := mapping.ParseTime(values["eventtime"])
	if date := values["date"]; !ok && len(date) >= len("2006-01-02") {
		at, ok = point(date+" "+values["time"], date[:4], values["tz"], now)
	}
	if ok {
		m.Time = at
	}
	return true
}
