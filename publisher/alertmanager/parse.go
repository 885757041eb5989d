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
// message, orgId). Left out are an endsAt that has not come yet, and groupLabels,
// commonLabels and commonAnnotations, which repeat what the alerts have. If there
// is too much for an event, mapping.Event.Fit says what goes.
package alertmanager

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// notification is what is said of all alerts together.
type notification struct {
	Alerts   []json.RawMessage
	GroupKey string
}

// ofAll are names that are taken over from the notification to each alert.
var ofAll = []string{"receiver", "externalURL", "groupKey", "truncatedAlerts", "orgId", "title", "state", "message"}

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
	e := mapping.Event{Fields: slices.Clone(a.event.Fields), Rest: a.event.Rest}
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
	var n notification
	if err := mapping.Decode(body, &n); err != nil {
		return nil, err
	}
	if len(n.Alerts) == 0 {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "there are no alerts; this door takes the webhooks of Alertmanager and Grafana")
	}
	common, err := commonFields(body)
	if err != nil {
		return nil, err
	}
	alerts := make([]*Alert, len(n.Alerts))
	for i, alert := range n.Alerts {
		raw, err := mapping.Flatten(alert)
		if err != nil {
			return nil, err
		}
		if alerts[i], err = read(raw, n.GroupKey, common); err != nil {
			return nil, err
		}
	}
	return alerts, nil
}

// commonFields reads what is said of all alerts together.
func commonFields(body []byte) (ircbus.Fields, error) {
	var values map[string]json.RawMessage
	if err := mapping.Decode(body, &values); err != nil {
		return nil, err
	}
	var common ircbus.Fields
	for _, name := range ofAll {
		var value any
		if err := json.Unmarshal(values[name], &value); err != nil { // there is none
			continue
		}
		switch v := value.(type) {
		case string:
			common = append(common, ircbus.Field{Key: name, Value: v})
		case float64:
			if v != 0 {
				common = append(common, ircbus.Field{Key: name, Value: string(values[name])})
			}
		}
	}
	return common, nil
}

// read maps one alert.
func read(raw ircbus.Fields, groupKey string, common ircbus.Fields) (*Alert, error) {
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
	e.KeepAll(raw, "labels.alertname", "status", "annotations.summary", "endsAt")
	if ends := raw.Get("endsAt"); !strings.HasPrefix(ends, "0001-01-01T") {
		e.Keep("endsAt", ends)
	}
	e.KeepAll(common)
	if a.Fingerprint == "" {
		a.Fingerprint = string(labels(raw).Append(nil))
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
func headline(raw ircbus.Fields) string {
	line := "[" + strings.ToUpper(raw.Get("status")) + "] " + raw.Get("labels.alertname")
	if where := firstOf(raw, "labels.instance", "labels.host", "labels.node", "labels.job"); where != "" {
		line += " on " + where
	}
	return line
}

func firstOf(raw ircbus.Fields, names ...string) string {
	for _, name := range names {
		if value := raw.Get(name); value != "" {
			return value
		}
	}
	return ""
}

// happened is when the alert began, or ended, as the bus writes times; "" if the
// source's is none.
func happened(raw ircbus.Fields) string {
	name := "startsAt"
	if raw.Get("status") == "resolved" {
		name = "endsAt"
	}
	at, err := time.Parse(time.RFC3339Nano, raw.Get(name))
	if err != nil || at.Year() < 1970 {
		return ""
	}
	return ircbus.FormatTime(at)
}
