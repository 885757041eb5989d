package bus

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"sync"

	"github.com/ircbus/ircbus"
)

// descriptions is what wikis have told about themselves through their doors,
// kept in a small file of the data directory.
type descriptions struct {
	path string // static

	mu    sync.Mutex
	wikis map[string]ircbus.Wiki // by folded account, without feeds
}

// description is one wiki in the file.
type description struct {
	Publisher  string `json:"publisher"`
	Name       string `json:"name,omitempty"`
	Interwiki  string `json:"interwiki,omitempty"`
	Engine     string `json:"engine,omitempty"`
	Base       string `json:"base,omitempty"`
	PageURL    string `json:"page_url,omitempty"`
	DiffURL    string `json:"diff_url,omitempty"`
	HistoryURL string `json:"history_url,omitempty"`
	RawURL     string `json:"raw_url,omitempty"`
}

func openDescriptions(path string) (*descriptions, error) {
	d := &descriptions{path: path, wikis: map[string]ircbus.Wiki{}}
	text, err := ircbus.ReadTextFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	var stored []description
	if err := json.Unmarshal(text, &stored); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): remove it, the wikis tell its content again", path, err)
	}
	for _, s := range stored {
		d.wikis[ircbus.Fold(s.Publisher)] = ircbus.Wiki{
			Publisher: s.Publisher, Name: s.Name, Interwiki: s.Interwiki, Engine: s.Engine, Base: s.Base,
			PageURL: s.PageURL, DiffURL: s.DiffURL, HistoryURL: s.HistoryURL, RawURL: s.RawURL,
		}
	}
	return d, nil
}

// get returns what the account's wiki has told; the zero Wiki if nothing.
func (d *descriptions) get(account string) ircbus.Wiki {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.wikis[ircbus.Fold(account)]
}

// put remembers a wiki, on disk when it returns, and reports whether anything
// in it is new. What a wiki does not tell this time stays as it was.
func (d *descriptions) put(wiki ircbus.Wiki) (changed bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := ircbus.Fold(wiki.Publisher)
	wiki = merge(wiki, d.wikis[key])
	if toldAs(d.wikis[key]) == toldAs(wiki) {
		return false, nil
	}
	wikis := maps.Clone(d.wikis)
	wikis[key] = wiki
	if err := writeDescriptions(d.path, wikis); err != nil {
		return false, fmt.Errorf("the wiki's description cannot be kept: %w", err)
	}
	d.wikis = wikis
	return true, nil
}

// merge returns a wiki without feeds, with what b says where a says nothing.
func merge(a, b ircbus.Wiki) ircbus.Wiki {
	return ircbus.Wiki{
		Publisher: cmp.Or(a.Publisher, b.Publisher),
		Name:      cmp.Or(a.Name, b.Name), Interwiki: cmp.Or(a.Interwiki, b.Interwiki),
		Engine: cmp.Or(a.Engine, b.Engine), Base: cmp.Or(a.Base, b.Base),
		PageURL: cmp.Or(a.PageURL, b.PageURL), DiffURL: cmp.Or(a.DiffURL, b.DiffURL),
		HistoryURL: cmp.Or(a.HistoryURL, b.HistoryURL), RawURL: cmp.Or(a.RawURL, b.RawURL),
	}
}

func toldAs(w ircbus.Wiki) description {
	return description{
		Publisher: w.Publisher, Name: w.Name, Interwiki: w.Interwiki, Engine: w.Engine, Base: w.Base,
		PageURL: w.PageURL, DiffURL: w.DiffURL, HistoryURL: w.HistoryURL, RawURL: w.RawURL,
	}
}

// writeDescriptions replaces the file as a whole.
func writeDescriptions(path string, wikis map[string]ircbus.Wiki) error {
	stored := make([]description, 0, len(wikis))
	for _, key := range sortedKeys(wikis) {
		stored = append(stored, toldAs(wikis[key]))
	}
	text, err := json.MarshalIndent(stored, "", "\t")
	if err != nil {
		return err
	}
	return ircbus.ReplaceFile(path, append(text, '\n'))
}
