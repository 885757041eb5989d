package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// Bounds of looking for typing errors in a filter.
const (
	maxKnownKeys = 256     // remembered of a channel
	keySample    = 20      // of the newest events are looked at first
	keyBudget    = 4 << 20 // bytes of events read for one unknown key
)

// knownKeys are the fields that events of each packed channel were seen to have.
// The bus has as many channels as its publishers have feeds.
type knownKeys struct {
	mu sync.Mutex
	of map[string]map[string]bool // guarded by mu
}

func (k *knownKeys) has(channel, key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.of[channel][key]
}

func (k *knownKeys) learn(channel string, e *ircbus.Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil {
		k.of = make(map[string]map[string]bool)
	}
	if k.of[channel] == nil {
		k.of[channel] = make(map[string]bool)
	}
	for _, field := range e.Fields {
		if len(k.of[channel]) < maxKnownKeys {
			k.of[channel][strings.Clone(field.Key)] = true
		}
	}
}

func (k *knownKeys) sorted(channel string) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(maps.Keys(k.of[channel]))
}

// warn tells in a header what is probably not meant so in the filters. Whoever
// asks has their turn to search already, or gets it here.
func (h *Handler) warn(ctx context.Context, header http.Header, views []ircbus.View, from netip.Addr) error {
	for _, view := range views {
		if view.Filter.HasOddBlanks() {
			header.Add("Ircbus-Warning", "in a filter + is a blank: write %2B for a +, in an address %252B")
			break
		}
	}
	for _, view := range views {
		if err := h.warnOfKeys(ctx, header, view, from); err != nil {
			return err
		}
	}
	return nil
}

func (h *Handler) warnOfKeys(ctx context.Context, header http.Header, view ircbus.View, from netip.Addr) error {
	unknown := slices.DeleteFunc(view.Filter.Keys(), func(key string) bool { return h.keys.has(view.Channel, key) })
	if len(unknown) == 0 {
		return nil
	}
	done, err := h.search(ctx, from)
	if err != nil {
		return err
	}
	defer done()
	whole, err := ircbus.ParseView(view.Channel)
	if err != nil {
		return err
	}
	if _, err := h.look(ctx, whole, keySample); err != nil {
		return err
	}
	known := h.keys.sorted(view.Channel)
	for _, key := range unknown {
		if len(known) == 0 || h.keys.has(view.Channel, key) {
			continue // a channel without events tells nothing
		}
		having, err := ircbus.ParseView(view.Channel + "?" + key + "=?*")
		if err != nil {
			return err
		}
		what := "no event"
		unfinished, err := h.look(ctx, having, keySample)
		if err != nil {
			return err
		}
		if unfinished {
			what = "none of the newest events"
		}
		if !h.keys.has(view.Channel, key) {
			header.Add("Ircbus-Warning", fmt.Sprintf("%s of %s has the field %+q%s", what, view.Channel, key, didYouMean(ircbus.Near(key, known))))
		}
	}
	return nil
}

// look learns the keys of the newest events of a view.
func (h *Handler) look(ctx context.Context, view ircbus.View, limit int) (unfinished bool, err error) {
	q := history.Query{Views: []ircbus.View{view}, Limit: limit, Desc: true, Budget: keyBudget, Lend: true}
	err = h.Index.Range(ctx, q, func(e *ircbus.Event) error {
		h.keys.learn(view.Channel, e)
		return nil
	})
	if stop := (*history.Unfinished)(nil); errors.As(err, &stop) {
		return true, nil
	}
	if errors.Is(err, history.ErrRemoved) {
		return true, nil
	}
	return false, err
}

// didYouMean is a question about a name, "" if nothing is near it.
func didYouMean(near string) string {
	if near == "" {
		return ""
	}
	return ": did you mean " + near + "?"
}

// nearChannel is the channel that was probably meant, "" if none.
func nearChannel(wikis []ircbus.Wiki, name string) string {
	names := make(map[string]string)
	for _, wiki := range wikis {
		for _, f := range wiki.Feeds {
			for _, channel := range []string{f.Channel, f.Text} {
				if channel != "" {
					names[strings.TrimPrefix(ircbus.Fold(channel), "#")] = channel
				}
			}
		}
	}
	return names[ircbus.Near(strings.TrimPrefix(ircbus.Fold(name), "#"), slices.Sorted(maps.Keys(names)))]
}
