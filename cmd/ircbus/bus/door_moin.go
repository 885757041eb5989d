package bus

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/api"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/moin"
)

// Moin configures the door for wikis of MoinMoin 1.7 to 1.9.
type Moin struct {
	Wikis map[string]string `toml:"wikis"` // data directories, by who publishes the wiki's changes

	// The secret that each wiki has for its Jabber bot, by publisher; "" closes
	// that way in.
	SecretsFile string `toml:"secrets_file"`
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
	_, err := openSecrets(m.SecretsFile, "the Jabber bot")
	found.add(err, "moin", "secrets_file")
	for _, name := range sortedKeys(m.Wikis) {
		found.add(ircbus.CheckName(name), "moin", "wikis")
		if !filepath.IsAbs(m.Wikis[name]) {
			found.add(fmt.Errorf("%q must be the data directory of the wiki, from the root on, as in /srv/moin/data", m.Wikis[name]), "moin", "wikis")
		}
	}
}

func (m moinDoor) open(ctx context.Context, in *door.Inlet) (*opened, error) {
	if len(m.Wikis) == 0 && m.SecretsFile == "" {
		return nil, nil
	}
	now, err := m.bot(in)
	if err != nil || len(m.Wikis) == 0 {
		return now, err
	}
	if now.source, err = m.source(ctx, in); err != nil {
		return nil, err
	}
	for _, name := range sortedKeys(m.Wikis) {
		now.listens = append(now.listens, "reads "+m.Wikis[name])
	}
	return now, nil
}

// bot is the way in for wikis that tell a Jabber bot, if it is open.
func (m moinDoor) bot(in *door.Inlet) (*opened, error) {
	secrets, err := openSecrets(m.SecretsFile, "moin.secrets_file")
	if secrets == nil || err != nil {
		return &opened{}, err
	}
	return openedWeb([]api.Door{{
		Methods: []string{http.MethodPost}, Pattern: "/doors/moin/{publisher}", Serve: moin.NewBot(in, secrets.Behind(in)).Serve, Fail: moin.Fail,
	}}), nil
}

// source opens the logs.
func (m moinDoor) source(ctx context.Context, in *door.Inlet) (*moin.Source, error) {
	load, save := keptIn(filepath.Join(m.data, MoinFile))
	cfg := moin.Config{Load: load, Save: save}
	for _, name := range sortedKeys(m.Wikis) {
		account, _, err := in.Ensure(ctx, ircbus.Wiki{Publisher: name, Engine: moin.Engine})
		if err != nil {
			return nil, fmt.Errorf("moin.wikis: %w", err)
		}
		cfg.Wikis = append(cfg.Wikis, moin.Wiki{Name: name, Account: account, Data: m.Wikis[name]})
	}
	return moin.Open(in, cfg)
}
