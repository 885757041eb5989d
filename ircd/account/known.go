package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// knownDays is how long after the last login there a network is known.
const knownDays = 180

const day = 24 * time.Hour

// known is from which networks accounts have logged in. Its throttle guards it.
type known struct {
	days  map[pair]int64 // of the last login, since 1970
	dirty bool           // the file has not got all of it
}

func (k *known) has(p pair) bool {
	_, ok := k.days[p]
	return ok
}

func (k *known) add(p pair, now time.Time) {
	today := now.Unix() / int64(day/time.Second)
	if last, ok := k.days[p]; ok && last == today {
		return
	} else if !ok && len(k.days) >= maxPairs {
		k.makeRoom()
	}
	k.days[p], k.dirty = today, true
}

// makeRoom forgets an eighth, the oldest.
func (k *known) makeRoom() {
	oldest := make([]int64, 0, len(k.days))
	for _, last := range k.days {
		oldest = append(oldest, last)
	}
	slices.Sort(oldest)
	last := oldest[len(oldest)/8]
	for p, at := range k.days {
		if at <= last && len(k.days) > maxPairs-maxPairs/8 {
			delete(k.days, p)
		}
	}
}

// knownLogin is a line of the file.
type knownLogin struct {
	Account string       `json:"account"` // folded
	From    netip.Prefix `json:"from"`
	Day     int64        `json:"day"`
}

// loadKnown reads the file of networks. Without it, or if it is damaged, none is
// known: who logs in again makes it known again.
func (t *throttle) loadKnown(path string, b *book, now time.Time) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var logins []knownLogin
	if err == nil {
		err = json.Unmarshal(text, &logins)
	}
	if err != nil {
		return fmt.Errorf("from where accounts have logged in is not known: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	today := now.Unix() / int64(day/time.Second)
	for _, l := range logins {
		if l.Day > today-knownDays && (b.byName[l.Account] != nil || strings.Contains(l.Account, "/")) && len(t.known.days) < maxPairs {
			t.known.days[pair{l.Account, l.From}] = l.Day
		}
	}
	return nil
}

// saveKnown writes the file if there is something new.
func (t *throttle) saveKnown(path string) error {
	logins := t.takeKnown()
	if logins == nil {
		return nil
	}
	text, err := json.Marshal(logins)
	if err == nil {
		err = ircbus.ReplaceFile(path, text)
	}
	if err != nil {
		t.mu.Lock()
		t.known.dirty = true
		t.mu.Unlock()
	}
	return err
}

// takeKnown returns what the file should have; nil if it has.
func (t *throttle) takeKnown() (logins []knownLogin) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.known.dirty {
		return nil
	}
	t.known.dirty = false
	for p, last := range t.known.days {
		logins = append(logins, knownLogin{p.account, p.from, last})
	}
	return logins
}
