package bus

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/ircd/account"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// alertOf is a notification of one alert.
func alertOf(group, status, starts, ends string) string {
	return fmt.Sprintf(`{"groupKey":%q,"alerts":[{"status":%q,"labels":{"alertname":"A"},"startsAt":%q,"endsAt":%q,"fingerprint":"f"}]}`, group, status, starts, ends)
}

// actions are the actions of all events, in their order.
func actions(t *testing.T, b *Bus) string {
	t.Helper()
	var all []string
	err := b.store.Range(t.Context(), history.Query{}, func(e *ircbus.Event) error {
		all = append(all, strings.TrimPrefix(e.Channel, "#")+" "+e.Fields.Get("action"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, ", ")
}

// TestCaseC1: an alert that fires again under the fingerprint and startsAt that it had
// before is told; what Alertmanager repeats is not, whatever the route and also after
// a restart.
func TestCaseC1(t *testing.T) {
	c := quiet(t)
	c.Alertmanager.Open = true
	start := func() *webDoors {
		b := &webDoors{t: t, Bus: startBus(t, c)}
		var err error
		if _, unknown := b.Accounts().Get("apps"); unknown != nil {
			err = b.Accounts().Add(account.Account{Name: "apps", Role: account.Publisher, Channels: []string{"#other"}}, "")
		}
		if err == nil {
			b.token, err = b.Accounts().AddToken("apps", 0)
		}
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := start()
	// What was stored when keys had the status in them.
	former := ircbus.Fields{{Key: "action", Value: "firing"}, {Key: "key", Value: mapping.Key("g", "f", "firing", "2026-01-01T00:00:00Z")}}
	if _, err := b.Append(t.Context(), []ircbus.Event{{Channel: "#apps", Publisher: "apps", Fields: former}}); err != nil {
		t.Fatal(err)
	}
	send := func(path, body string) {
		t.Helper()
		if status, answer := b.do("POST /doors/alertmanager"+path, bearer, body); status != 204 {
			t.Fatalf("%d %s", status, answer)
		}
	}
	const first, later = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
	send("", alertOf("g", "firing", first, "")) // known
	for i := range 9 {
		if i == 5 {
			stopBus(t, b.Bus)
			b = start()
		}
		status := []string{"resolved", "firing"}[i%2]
		send("", alertOf("g", status, first, fmt.Sprintf("2026-01-01T00:0%d:00Z", i)))
		send("", alertOf("another route", status, first, ""))
	}
	send("", alertOf("g", "firing", later, ""))
	send("?channel=%23other", alertOf("g", "firing", later, ""))
	send("", strings.Replace(alertOf("g", "suppressed", later, ""), `"alerts":[`, `"alerts":[`+strings.TrimSuffix(strings.SplitN(alertOf("g", "firing", later, ""), "[", 2)[1], "]}")+",", 1))
	want := "apps firing" + strings.Repeat(", apps resolved, apps firing", 4) + ", apps resolved, apps firing, other firing, apps suppressed"
	if got := actions(t, b.Bus); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestCaseC1Moin: a page that is made anew under the name of one that was renamed has its
// first revision once more.
func TestCaseC1Moin(t *testing.T) {
	b := startBodies(t)
	for _, comment := range []string{"first", "first", "second", "second", "first"} {
		if status, answer := b.do("POST /doors/moin/apps", "", strings.Replace(notificationOf(comment), "<struct>", "<struct><member><name>revision</name><value>1</value></member>", 1)); status != 200 || !strings.Contains(answer, "<boolean>1") {
			t.Errorf("%d %s", status, answer)
		}
	}
	if got, want := actions(t, b.Bus), "apps SAVENEW, apps SAVENEW, apps SAVENEW"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
