package bus

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ircbus/ircbus/ircd/account"
)

// TestMarkersStay: what an account has read is known after a restart, to all its
// connections and to nobody else, until the account is removed.
func TestMarkersStay(t *testing.T) {
	c := quiet(t)
	b := startBus(t, c)
	ann := account.Account{Name: "Ann", Role: account.User}
	if err := b.Accounts().Add(ann, "right password"); err != nil {
		t.Fatal(err)
	}
	login := func(nick string) *person {
		p := connectAs(t, b.IRCAddr(), nick, "ann:right password")
		p.say("CAP REQ draft/read-marker")
		p.until(" ACK ")
		return p
	}
	first, second := login("ann"), login("ann2")
	first.say("MARKREAD #Talk timestamp=2026-11-20T10:00:00.123Z")
	second.until("MARKREAD #Talk timestamp=2026-11-20T10:00:00.123Z")
	stopBus(t, b)
	if info, err := os.Stat(filepath.Join(c.Data, MarkersFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	b = startBus(t, c)
	first = login("ann")
	first.say("JOIN #talk")
	first.until("MARKREAD #talk timestamp=2026-11-20T10:00:00.123Z")
	bob := connect(t, b.IRCAddr(), "bob")
	bob.say("MARKREAD #talk")
	bob.until("MARKREAD #talk *")
	if err := b.Accounts().Remove("ann"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the markers to be forgotten", func() bool { return b.markers.ReadMarker("ann", "#talk").IsZero() })
}

// TestMarkersBound: an account has so many markers at most; the oldest goes.
func TestMarkersBound(t *testing.T) {
	m, err := openMarkers(filepath.Join(t.TempDir(), MarkersFile))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for i := range maxMarkers + 1 {
		m.SetReadMarker("ann", fmt.Sprint("#", i), at.Add(time.Duration(i)*time.Second))
	}
	if got := m.ReadMarkers("ann"); len(got) != maxMarkers || !got["#0"].IsZero() || got["#1"].IsZero() {
		t.Errorf("%d markers, from %v", len(got), got["#1"])
	}
}
