package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd"
)

// kline is a ban from the IRC server as the file has it.
type kline struct {
	Mask    string    `json:"mask"`
	Reason  string    `json:"reason"`
	By      string    `json:"by"`
	Set     time.Time `json:"set"`
	Expires time.Time `json:"expires,omitzero"`
}

// loadKLines reads the bans; none if there is no file.
func loadKLines(path string) ([]ircd.KLine, error) {
	text, err := ircbus.ReadTextFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var stored []kline
	if err := json.Unmarshal(text, &stored); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): remove it, and make the bans again with KLINE", path, err)
	}
	klines := make([]ircd.KLine, len(stored))
	for i, k := range stored {
		if err := ircd.CheckKLine(k.Mask); err != nil {
			return nil, fmt.Errorf("%s: the ban of %q: %w", path, k.Mask, err)
		}
		klines[i] = ircd.KLine(k)
	}
	return klines, nil
}

// saveKLines writes the bans, on disk when it returns. The IRC server calls it
// one at a time.
func saveKLines(path string, klines []ircd.KLine) error {
	stored := make([]kline, len(klines))
	for i, k := range klines {
		stored[i] = kline(k)
	}
	text, err := json.MarshalIndent(stored, "", "\t")
	if err != nil {
		return err
	}
	return ircbus.ReplaceFile(path, append(text, '\n'))
}
