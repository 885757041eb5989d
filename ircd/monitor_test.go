package ircd

import (
	"fmt"
	"strings"
	"testing"
)

// TestMonitorHasALimit also shows that long lists come in lines that IRC has
// room for, and that nothing is left of a connection that has ended.
func TestMonitorHasALimit(t *testing.T) {
	b := newBus(t)
	ada := b.user("ada")
	var nicks []string
	for i := range maxMonitor + 3 {
		nicks = append(nicks, fmt.Sprintf("a-rather-long-nick-of-many-%d", i))
	}
	for i := 0; i < len(nicks); i += 10 {
		ada.send("MONITOR + " + strings.Join(nicks[i:min(i+10, len(nicks))], ","))
	}
	ada.until(fmt.Sprintf(" 734 ada %d %s :", maxMonitor, strings.Join(nicks[maxMonitor:], ",")))
	ada.send("MONITOR L")
	listed := 0
	for _, line := range ada.until(" 733 ") {
		if len(line) > maxLine-2 {
			t.Errorf("a line has %d bytes", len(line))
		}
		if _, list, ok := strings.Cut(line, " 732 ada :"); ok {
			listed += len(strings.Split(list, ","))
		}
	}
	if listed != maxMonitor {
		t.Errorf("%d nicks are listed, want %d", listed, maxMonitor)
	}
	ada.send("QUIT")
	ada.rest()
	ben := b.user("ben")
	ben.fence()
	b.Server.mu.Lock()
	defer b.Server.mu.Unlock()
	if len(b.monitors) != 0 {
		t.Errorf("%d nicks are still monitored", len(b.monitors))
	}
}

// TestMonitorPublishers: a publisher is here as long as its account exists.
func TestMonitorPublishers(t *testing.T) {
	b := newBus(t)
	ada := b.user("ada")
	ada.send("MONITOR + moin,pmwiki,new")
	ada.until(" 731 ada :new")
	b.SetPublishers([]Publisher{wiki("moin"), wiki("new")})
	ada.until(" 731 ada :pmwiki")
	ada.until(" 730 ada :new!new@irc.test")
	if extra := ada.fence(); len(extra) > 0 {
		t.Errorf("also %q", extra)
	}
}

func TestPastNicksAreBounded(t *testing.T) {
	var past pastNicks
	for i := range maxPast + 10 {
		past.add(pastNick{nick: "x" + itoa(i%2), user: itoa(i)})
	}
	if len(past.ring) != maxPast {
		t.Errorf("%d are remembered", len(past.ring))
	}
	all := past.find("X1", 0)
	if len(all) != maxPast/2 || all[0].user != itoa(maxPast+9) || all[len(all)-1].user != "11" {
		t.Errorf("%d found, from %v to %v", len(all), all[0], all[len(all)-1])
	}
	if two := past.find("x0", 2); len(two) != 2 || two[1].user != itoa(maxPast+6) {
		t.Errorf("%v", two)
	}
}
