// Package nagios makes events of the notifications of Nagios, Icinga and what has
// come of them, which call a command with macros in its environment (NAGIOS_…,
// ICINGA_…) or in its arguments (NAME=VALUE, with the macros' names). The mapping:
//
//	page       the service, of a host's own notification the host: "wiki1/HTTP", "wiki1"
//	action     the kind of notification: PROBLEM, RECOVERY, ACKNOWLEDGEMENT …
//	user       who acknowledged or commented
//	time       TIMET
//	comment    the output of the check; with a comment of a person "OUTPUT (COMMENT)"
//	text       "[CRITICAL] wiki1/HTTP: HTTP 503 …", of an acknowledgement and the like
//	           "[ACKNOWLEDGEMENT CRITICAL] …"
//	key        from host, service, kind, state, comment and TIMET; without TIMET one of
//	           the call's own
//
// host, service and state have names of their own; every other macro that is given
// keeps its name: HOSTADDRESS, SERVICEATTEMPT, LONGSERVICEOUTPUT. The contact's
// macros are left out: who else was told is nobody's business here, and one
// notification to several contacts is one event, if it has TIMET.
package nagios

import (
	"crypto/rand"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Macros are the values of Nagios's macros by name, without $ and prefix.
type Macros map[string]string

// Read takes macros from an environment and from arguments, which go before. An
// argument must be NAME=VALUE; the error says which is not.
func Read(environment, arguments []string) (Macros, error) {
	m := make(Macros)
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		for _, prefix := range []string{"ICINGA_", "NAGIOS_"} {
			if macro, ok := strings.CutPrefix(name, prefix); ok && macro != "" {
				m[macro] = value
			}
		}
	}
	for _, argument := range arguments {
		name, value, ok := strings.Cut(argument, "=")
		if name = strings.Trim(name, "$"); !ok || name == "" {
			return nil, ircbus.Refuse(ircbus.InvalidEvent, "the argument %.40q must be NAME=VALUE, as in HOSTNAME='$HOSTNAME$'", argument)
		}
		m[name] = value
	}
	return m, nil
}

// mapped are the macros that have another name in the event.
var mapped = []string{
	"HOSTNAME", "SERVICEDESC", "HOSTSTATE", "SERVICESTATE", "HOSTOUTPUT", "SERVICEOUTPUT", "NOTIFICATIONTYPE", "TIMET", "LONGDATETIME", "SHORTDATETIME", "DATE", "TIME",
	"NOTIFICATIONAUTHOR", "NOTIFICATIONCOMMENT", "SERVICEACKAUTHOR", "SERVICEACKCOMMENT", "HOSTACKAUTHOR", "HOSTACKCOMMENT",
}

// Fields makes the event of a notification. The error is an *ircbus.Refusal.
func (m Macros) Fields(maxBody int) (ircbus.Fields, error) {
	host, service, kind := m["HOSTNAME"], m["SERVICEDESC"], m["NOTIFICATIONTYPE"]
	if host == "" || kind == "" {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "HOSTNAME and NOTIFICATIONTYPE must be given: "+
			"switch enable_environment_macros on, or pass the macros as arguments, as in HOSTNAME='$HOSTNAME$'")
	}
	subject, of := host, "HOST"
	if service != "" {
		subject, of = host+"/"+service, "SERVICE"
	}
	state, comment := m[of+"STATE"], m[of+"OUTPUT"]
	if said := m.first("NOTIFICATIONCOMMENT", of+"ACKCOMMENT"); said != "" {
		comment = strings.TrimSpace(comment + " (" + said + ")")
	}
	var e mapping.Event
	e.Add("page", subject)
	e.Add("action", kind)
	e.Add("user", m.first("NOTIFICATIONAUTHOR", of+"ACKAUTHOR"))
	if at := m.time(); at != "" {
		e.Add("time", at)
	} else {
		e.Keep("time", m["TIMET"])
	}
	e.Add("comment", comment)
	e.Add("host", host)
	e.Add("service", service)
	e.Add("state", state)
	e.Add("text", mapping.Sentence("["+headline(kind, state)+"] "+subject, comment, ""))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(mapped, name) && !strings.HasPrefix(name, "CONTACT") {
			e.Keep(name, m[name])
		}
	}
	if service != "" { // what is said of the host then is not what this is about
		e.Keep("HOSTSTATE", m["HOSTSTATE"])
		e.Keep("HOSTOUTPUT", m["HOSTOUTPUT"])
	}
	e.Add("key", m.key(of, state, comment))
	return e.Fit(maxBody), nil
}

// key tells a notification from others: the same words at the same time are one to
// several contacts. Without a time nothing does: services fail again with the same
// words. Then each call is a notification of its own.
func (m Macros) key(of, state, comment string) string {
	if m.time() == "" {
		return mapping.Key("call", rand.Text())
	}
	return mapping.Key(m["HOSTNAME"], m["SERVICEDESC"], m["NOTIFICATIONTYPE"], state, m["TIMET"], m.first(of+"NOTIFICATIONID", "NOTIFICATIONID"), comment)
}

// headline is the state, with the kind where that says something else.
func headline(kind, state string) string {
	switch {
	case state == "":
		return kind
	case kind == "PROBLEM", kind == "RECOVERY":
		return state
	}
	return kind + " " + state
}

func (m Macros) first(names ...string) string {
	for _, name := range names {
		if m[name] != "" {
			return m[name]
		}
	}
	return ""
}

// time is TIMET as the bus writes times; "" if there is none.
func (m Macros) time() string {
	seconds, err := strconv.ParseInt(m["TIMET"], 10, 64)
	if err != nil || seconds <= 0 || seconds > 253402300799 { // the year 9999
		return ""
	}
	return ircbus.FormatTime(time.Unix(seconds, 0))
}
