package bus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/moin"
)

// Moin configures the door for wikis of MoinMoin 1.7 to 1.9.
type Moin struct {
	Wikis map[string]string `toml:"wikis"` // data directories, by who publishes the wiki's changes
}

// moinDoor is the section with what the door needs of the others.
type moinDoor struct {
	*Moin
	data string // the bus's data directory
}

// MoinFile, in the data directory, keeps the places in the logs that the door
// moin reads.
const MoinFile = "moin.json"

func (m moinDoor) check(found *checker) {
	for _, name := range sortedKeys(m.Wikis) {
		found.add(ircbus.CheckName(name), "moin", "wikis")
		if !filepath.IsAbs(m.Wikis[name]) {
			found.add(fmt.Errorf("%q must be the data directory of the wiki, from the root on, as in /srv/moin/data", m.Wikis[name]), "moin", "wikis")
		}
	}
}

func (m moinDoor) open(ctx context.Context, in *door.Inlet) (*opened, error) {
	if len(m.Wikis) == 0 {
		return nil, nil
	}
	source, err := m.source(ctx, in)
	if err != nil {
		return nil, err
	}
	now := &opened{source: source}
	for _, name := range sortedKeys(m.Wikis) {
		now.listens = append(now.listens, "reads "+m.Wikis[name])
	}
	return now, nil
}

// source opens the logs.
func (m moinDoor) source(ctx context.Context, in *door.Inlet) (*moin.Source, error) {
	file := filepath.Join(m.data, MoinFile)
	cfg := moin.Config{
		Load: func() ([]byte, error) {
			text, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, nil
			}
			return text, err
		},
		Save: func(text []byte) error { return replaceFile(file, text) },
	}
	for _, name := range sortedKeys(m.Wikis) {
		account, _, err := in.Ensure(ctx, ircbus.Wiki{Publisher: name, Engine: moin.Engine})
		if err != nil {
			return nil, fmt.Errorf("moin.wikis: %w", err)
		}
		cfg.Wikis = append(cfg.Wikis, moin.Wiki{Name: name, Account: account, Data: m.Wikis[name]})
	}
	return moin.Open(in, cfg)
}
