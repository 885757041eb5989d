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
	maxKnownKeys = 256     // remembered of a channel, and as many that no event has
	keySample    = 20      // of the newest events are looked at first
	maxUnknown   = 3       // keys of one request that are looked for
	keyBudget    = 4 << 20 // bytes of events read for one of them
)

// knownKeys are the fields that events of each packed channel were seen to have, and
// those that none had. The bus has as many channels as its publishers have feeds.
type knownKeys struct {
	mu     sync.Mutex
	of     map[string]map[string]bool   // guarded by mu
	absent map[string]map[string]absent // guarded by mu
}

// absent says up to where a key was looked for.
type absent struct {
	until  ircbus.ID
	partly bool // only the newest events were read
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

func (k *knownKeys) lookedFor(channel, key string) absent {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.absent[channel][key]
}

func (k *knownKeys) miss(channel, key string, what absent) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.absent == nil {
		k.absent = make(map[string]map[string]absent)
	}
	if k.absent[channel] == nil {
		k.absent[channel] = make(map[string]absent)
	}
	if _, again := k.absent[channel][key]; again || len(k.absent[channel]) < maxKnownKeys {
		k.absent[channel][key] = what
	}
}

// warn tells in a header what is probably not meant so in the filters. It is advice:
// while everybody is searching, or if reading fails, there is none, and what was asked
// for is answered all the same.
func (h *Handler) warn(ctx context.Context, header http.Header, views []ircbus.View, from netip.Addr) {
	if slices.ContainsFunc(views, func(v ircbus.View) bool { return v.Filter.HasOddBlanks() }) {
		header.Add("Ircbus-Warning", "in a filter + is a blank: write %2B for a +, in an address %252B")
	}
	unknown := h.unknownKeys(views)
	if len(unknown) == 0 {
		return
	}
	now, cancel := context.WithCancel(ctx)
	cancel()
	done, err := h.searches.Take(now, from) // a turn that is free, without waiting
	if err != nil {
		return
	}
	defer done()
	for _, view := range unknown {
		if warning := h.warnOfKey(ctx, view.channel, view.key); warning != "" {
			header.Add("Ircbus-Warning", warning)
		}
	}
}

// unknownKey is a key of a filter that no event of its channel was seen to have.
type unknownKey struct{ channel, key string }

func (h *Handler) unknownKeys(views []ircbus.View) (unknown []unknownKey) {
	for _, view := range views {
		for _, key := range view.Filter.Keys() {
			k := unknownKey{view.Channel, key}
			if !h.keys.has(view.Channel, key) && len(unknown) < maxUnknown && !slices.Contains(unknown, k) {
				unknown = append(unknown, k)
			}
		}
	}
	return unknown
}

// warnOfKey is "" if the channel has the key, or is not known well enough.
func (h *Handler) warnOfKey(ctx context.Context, channel, key string) string {
	bounds, err := h.Index.Bounds(ctx)
	if err != nil {
		return ""
	}
	before := h.keys.lookedFor(channel, key)
	if before.until == 0 {
		if _, err := h.look(ctx, channel, 0); err != nil {
			return ""
		}
	}
	known := h.keys.sorted(channel)
	if len(known) == 0 {
		return "" // a channel without events tells nothing
	}
	unfinished := false
	if before.until < bounds.Head && !h.keys.has(channel, key) {
		if unfinished, err = h.look(ctx, channel+"?"+key+"=?*", before.until); err != nil {
			return ""
		}
	}
	if h.keys.has(channel, key) {
		return ""
	}
	now := absent{until: bounds.Head, partly: before.partly || unfinished}
	h.keys.miss(channel, key, now)
	what := "no event"
	if now.partly {
		what = "none of the newest events"
	}
	return fmt.Sprintf("%s of %s has the field %+q%s", what, channel, key, ircbus.DidYouMean(ircbus.Near(key, known)))
}

// look learns the keys of the newest events of a view, of those after an id.
func (h *Handler) look(ctx context.Context, name string, after ircbus.ID) (unfinished bool, err error) {
	view, err := ircbus.ParseView(name)
	if err != nil {
		return false, err
	}
	q := history.Query{Views: []ircbus.View{view}, After: after, Limit: keySample, Desc: true, Budget: keyBudget, Lend: true}
	err = h.Index.Range(ctx, q, func(e *ircbus.Event) error {
		h.keys.learn(view.Channel, e)
		return nil
	})
	if stop := (*history.Unfinished)(nil); errors.As(err, &stop) || errors.Is(err, history.ErrRemoved) {
		return true, nil
	}
	return false, err
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
