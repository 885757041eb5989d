package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/ircbus/ircbus"
)

// demoChanges are real changes; demo/README.md says whose.
//
//go:embed demo/changes.ndjson.gz
var demoChanges []byte

// change is one recorded change.
type change struct {
	publisher string
	fields    ircbus.Fields
}

// recorded reads the changes.
func recorded() ([]change, error) {
	unpacked, err := gzip.NewReader(bytes.NewReader(demoChanges))
	if err != nil {
		return nil, fmt.Errorf("the recorded changes: %w", err)
	}
	var changes []change
	for d := json.NewDecoder(unpacked); ; {
		var line struct {
			Publisher string          `json:"publisher"`
			Fields    json.RawMessage `json:"fields"`
		}
		if err := d.Decode(&line); errors.Is(err, io.EOF) {
			return changes, nil
		} else if err != nil {
			return nil, fmt.Errorf("the recorded changes: %w", err)
		}
		fields, err := ircbus.ParseJSON(line.Fields)
		if err != nil {
			return nil, fmt.Errorf("the recorded changes: %w", err)
		}
		changes = append(changes, change{line.Publisher, fields})
	}
}

// demoWiki is a wiki whose changes were recorded.
type demoWiki struct{ account, name, host string }

var demoWikis = []demoWiki{
	{"enwiki", "English Wikipedia, recorded in 2023", "en.wikipedia.org"},
	{"hewiki", "Hebrew Wikipedia, recorded in 2015", "he.wikipedia.org"},
	{"dewiki", "German Wikipedia, recorded in 2015", "de.wikipedia.org"},
	{"ruwiki", "Russian Wikipedia, recorded in 2015", "ru.wikipedia.org"},
	{"zhwiki", "Chinese Wikipedia, recorded in 2015", "zh.wikipedia.org"},
}

// describe returns the wiki's description block.
func (w demoWiki) describe() ircbus.Wiki {
	script := "https://" + w.host + "/w/index.php"
	return ircbus.Wiki{
		Publisher: w.account, Name: w.name, Interwiki: w.account, Engine: "mediawiki",
		Base:       "https://" + w.host + "/wiki/",
		PageURL:    "https://" + w.host + "/wiki/{page}",
		DiffURL:    script + "?diff={rev}&oldid={oldrev}",
		HistoryURL: script + "?title={page}&action=history",
		RawURL:     script + "?title={page}&action=raw",
	}
}
