package bus

import (
	"log/slog"
	"strings"
	"testing"
)

// TestReloadTellsClients: that people may register accounts is told to clients
// that are connected, and a setting beside it needs a restart.
func TestReloadTellsClients(t *testing.T) {
	var log strings.Builder
	c := quiet(t)
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	b := startBus(t, c)
	ben := connect(t, b.IRCAddr(), "ben")
	ben.say("CAP LS 302")
	ben.until(" LS :")
	c.Registration.Open = true
	if err := b.Reload(c); err != nil {
		t.Fatal(err)
	}
	ben.until(" CAP ben NEW :draft/account-registration")
	c.Registration.Open = false
	if err := b.Reload(c); err != nil {
		t.Fatal(err)
	}
	ben.until(" CAP ben DEL :draft/account-registration")
	c.Registration.PerHour = 7
	if err := b.Reload(c); err != nil {
		t.Fatal(err)
	}
	stopBus(t, b)
	if got := strings.Count(log.String(), "need a restart"); got != 1 {
		t.Errorf("%d changes need a restart\n%s", got, log.String())
	}
}
