package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/account"
)

// maxMarkers is how many read markers one account has; the oldest are forgotten.
const maxMarkers = 200

// saveMarkers is how often changed markers are written: a bus that is killed
// forgets what was read since.
const saveMarkers = 5 * time.Second

// markers are up to when accounts have read channels and conversations, kept in
// a small file of the data directory. They are what ircd.ReadMarkers wants.
type markers struct {
	path string // static

	mu      sync.Mutex
	read    map[string]map[string]time.Time // by folded account and target
	changed bool                            // since they were written
}

func openMarkers(path string) (*markers, error) {
	m := &markers{path: path, read: map[string]map[string]time.Time{}}
	text, err := ircbus.ReadTextFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m.read)
	}
	if err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): remove it, people's programs only forget what they have read", path, err)
	}
	if m.read == nil { // null
		m.read = map[string]map[string]time.Time{}
	}
	return m, nil
}

// ReadMarker returns up to when the account has read; the zero time if unknown.
func (m *markers) ReadMarker(account, target string) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.read[account][target]
}

// SetReadMarker remembers a marker, and forgets the oldest of too many.
func (m *markers) SetReadMarker(account, target string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mine := m.read[account]
	if mine == nil {
		mine = map[string]time.Time{}
		m.read[account] = mine
	}
	mine[target] = at.UTC()
	if len(mine) > maxMarkers {
		oldest := target
		for other, at := range mine {
			if at.Before(mine[oldest]) {
				oldest = other
			}
		}
		delete(mine, oldest)
	}
	m.changed = true
}

// ReadMarkers returns all markers of an account.
func (m *markers) ReadMarkers(account string) map[string]time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.read[account])
}

// keep forgets the markers of all other accounts: who takes the name of one that
// was removed does not learn what it read.
func (m *markers) keep(accounts []account.Account) {
	there := make(map[string]bool, len(accounts))
	for _, a := range accounts {
		there[ircbus.Fold(a.Name)] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.read {
		if !there[name] {
			delete(m.read, name)
			m.changed = true
		}
	}
}

// save writes the file if anything has changed.
func (m *markers) save() error {
	m.mu.Lock()
	if !m.changed {
		m.mu.Unlock()
		return nil
	}
	text, err := json.Marshal(m.read)
	m.changed = false
	m.mu.Unlock()
	if err == nil {
		err = ircbus.ReplaceFile(m.path, append(text, '\n'))
	}
	if err != nil {
		m.mu.Lock()
		m.changed = true // try again
		m.mu.Unlock()
		return fmt.Errorf("the read markers cannot be kept: %w", err)
	}
	return nil
}

// run writes changed markers now and then, until ctx ends, and then once more.
func (m *markers) run(ctx context.Context, log *slog.Logger) error {
	tick := time.NewTicker(saveMarkers)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		if err := m.save(); err != nil {
			log.Error(err.Error())
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}
