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
	"time"

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
	list, unread := alertsOf(n.At("alerts"))
	if len(list) == 0 {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "there are no alerts; this door takes the webhooks of Alertmanager and Grafana")
	}
	common := commonFields(n)
	alerts := make([]*Alert, len(list))
	for i, alert := range list {
		alerts[i] = read(alert.Flat(), statusOf(alert, n, time.Now()), n.Text("groupKey"), common)
	}
	alerts[0].event.Omitted += unread
	return alerts, nil
}

// alertsOf are the alerts of a notification, one object as well as a list, and how
// many values stand in their place that are none.
func alertsOf(v mapping.Value) (alerts []mapping.Value, unread int) {
	list := v.List()
	if v.IsObject() {
		list = []mapping.Value{v}
	}
	for _, alert := range list {
		switch flat := alert.In("alert").Flat(); {
		case len(flat.Fields) == 0:
		case alert.IsObject():
			alerts = append(alerts, alert)
		default:
			unread += len(flat.Fields) + flat.Omitted
		}
	}
	return alerts, unread
}

// statusOf is the status of an alert: its own, else the notification's, else what its
// end tells.
func statusOf(alert, n mapping.Value, now time.Time) string {
	for _, status := range [...]mapping.Value{alert.At("status"), n.At("status")} {
		if status.IsString() && status.Text() != "" {
			return status.Text()
		}
	}
	if end, ok := mapping.ParseTime(alert.Text("endsAt")); ok && end.Year() >= 1970 && !end.After(now) {
		return "resolved"
	}
	return "firing"
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
func read(raw mapping.Flat, status, groupKey string, common mapping.Flat) *Alert {
	a := &Alert{Status: status, Fingerprint: raw.Get("fingerprint"), Starts: raw.Get("startsAt"), formerly: groupKey}
	e := &a.event
	name := raw.Get("labels.alertname")
	summary := firstOf(raw, "annotations.summary", "annotations.message", "annotations.description")
	address := firstOf(raw, "panelURL", "dashboardURL", "annotations.runbook_url", "generatorURL")
	e.Add("page", name)
	e.Add("action", a.Status)
	e.Add("time", happened(raw, status))
	e.Add("comment", summary)
	e.Add("url", address)
	e.Add("text", mapping.Sentence(headline(raw, status), summary, address))
	if strings.HasPrefix(raw.Get("endsAt"), "0001-01-01T") { // it has not come yet
		raw = raw.Without("endsAt")
	}
	if raw.Get("status") == status {
		raw = raw.Without("status")
	}
	e.KeepFlat(raw, "labels.alertname", "annotations.summary")
	e.KeepFlat(common)
	if a.Fingerprint == "" {
		a.Fingerprint = string(labels(raw.Fields).Append(nil))
	}
	return a
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
func headline(raw mapping.Flat, status string) string {
	line := "[" + strings.ToUpper(status) + "] " + raw.Get("labels.alertname")
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
func happened(raw mapping.Flat, status string) string {
	name := "startsAt"
	if status == "resolved" {
		name = "endsAt"
	}
	at, ok := mapping.ParseTime(raw.Get(name))
	if !ok || at.Year() < 1970 { // it is kept under its own name
		return ""
	}
	return ircbus.FormatTime(at)
}
