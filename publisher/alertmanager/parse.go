// Package alertmanager takes the webhooks of Prometheus Alertmanager (payload
// version 4) and of Grafana's alerting, which sends the same and more. Each alert
// of a notification is one event:
//
//	page       the label alertname
//	action     status: firing or resolved
//	time       startsAt, of a resolved alert endsAt
//	comment    the first of the annotations summary, message and description
//	url        the first of panelURL, dashboardURL, runbook_url (an annotation) and
//	           generatorURL that is there
//	text       "[FIRING] WikiDown on wiki1: HTTP 503 for 5 minutes https://…"
//	key        from channel, fingerprint, startsAt, and how often the alert has changed
//	           its status since then (see Door)
//
// Everything else that is said of the alert keeps its name (labels.severity,
// annotations.description, fingerprint, startsAt, values.B), and so do receiver,
// externalURL and what Grafana says of all alerts together (title, state,
// message, orgId). Left out are an endsAt that has not come yet, counts of 0, the
// version, and status, groupLabels, commonLabels and commonAnnotations of all
// alerts together, which repeat what each has. If there is too much for an event,
// mapping.Event.Fit says what goes.
package alertmanager

import (
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Alert is an alert of a notification, as an event without a key.
type Alert struct {
	Status      string
	Fingerprint string // of its labels; the bus's own for an Alertmanager before 0.19
	Starts      string // as it says it

	event    mapping.Event
	formerly string // groupKey, which keys had in them once
}

// Fields are the event's with its key. maxBody limits it, as mapping.Event.Fit says.
func (a *Alert) Fields(key string, maxBody int) ircbus.Fields {
	e := mapping.Event{Fields: slices.Clone(a.event.Fields), Rest: a.event.Rest, Omitted: a.event.Omitted}
	e.Add("key", key)
	return e.Fit(maxBody)
}

// formerKey is the key that an alert had with a status when keys did not tell how
// often it had changed.
func (a *Alert) formerKey(status string) string {
	return mapping.Key(a.formerly, a.Fingerprint, status, a.Starts)
}

// Parse reads the alerts of a notification. The error is an *ircbus.Refusal.
func Parse(body []byte) ([]*Alert, error) {
	n, err := mapping.ReadObject(body)
	if err != nil {
		return nil, err
	}
	list := n.At("alerts").List()
	if len(list) == 0 {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "there are no alerts; this door takes the webhooks of Alertmanager and Grafana")
	}
	common := commonFields(n)
	alerts := make([]*Alert, len(list))
	for i, alert := range list {
		if alerts[i], err = read(alert.Flat(), n.Text("groupKey"), common); err != nil {
			return nil, err
		}
	}
	return alerts, nil
}

// repeats are names of the notification that repeat what the alerts have, or are
// said of each.
var repeats = []string{"alerts", "version", "status", "groupLabels", "commonLabels", "commonAnnotations"}

// commonFields is what is said of all alerts together.
func commonFields(n mapping.Value) mapping.Flat {
	without := repeats
	for _, count := range [...]string{"truncatedAlerts", "orgId"} {
		if n.Text(count) == "0" {
			without = append(without[:len(without):len(without)], count)
		}
	}
	return n.Without(without...).Flat()
}

// read maps one alert.
func read(raw mapping.Flat, groupKey string, common mapping.Flat) (*Alert, error) {
	a := &Alert{Status: raw.Get("status"), Fingerprint: raw.Get("fingerprint"), Starts: raw.Get("startsAt"), formerly: groupKey}
	if a.Status == "" {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "an alert has no status")
	}
	e := &a.event
	name := raw.Get("labels.alertname")
	summary := firstOf(raw, "annotations.summary", "annotations.message", "annotations.description")
	address := firstOf(raw, "panelURL", "dashboardURL", "annotations.runbook_url", "generatorURL")
	e.Add("page", name)
	e.Add("action", a.Status)
	e.Add("time", happened(raw))
	e.Add("comment", summary)
	e.Add("url", address)
	e.Add("text", mapping.Sentence(headline(raw), summary, address))
	if strings.HasPrefix(raw.Get("endsAt"), "0001-01-01T") { // it has not come yet
		raw = raw.Without("endsAt")
	}
	e.KeepFlat(raw, "labels.alertname", "status", "annotations.summary")
	e.KeepFlat(common)
	if a.Fingerprint == "" {
		a.Fingerprint = string(labels(raw.Fields).Append(nil))
	}
	return a, nil
}

// labels are those of an alert, in an order that does not change.
func labels(raw ircbus.Fields) (all ircbus.Fields) {
	for _, field := range raw {
		if strings.HasPrefix(field.Key, "labels.") {
			all = append(all, field)
		}
	}
	slices.SortFunc(all, func(a, b ircbus.Field) int { return strings.Compare(a.Key, b.Key) })
	return all
}

// headline is the begin of the line for people: "[FIRING] WikiDown on wiki1".
func headline(raw mapping.Flat) string {
	line := "[" + strings.ToUpper(raw.Get("status")) + "] " + raw.Get("labels.alertname")
	if where := firstOf(raw, "labels.instance", "labels.host", "labels.node", "labels.job"); where != "" {
		line += " on " + where
	}
	return line
}

func firstOf(raw mapping.Flat, names ...string) string {
	for _, name := range names {
		if value := raw.Get(name); value != "" {
			return value
		}
	}
	return ""
}

// happened is when the alert began, or ended, as the bus writes times; "" if the
// source's is none.
func happened(raw mapping.Flat) string {
	name := "startsAt"
	if raw.Get("status") == "resolved" {
		name = "endsAt"
	}
	at, ok := mapping.ParseTime(raw.Get(name))
	if !ok || at.Year() < 1970 { // it is kept under its own name
		return ""
	}
	return ircbus.FormatTime(at)
}
