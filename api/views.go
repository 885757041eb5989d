package api

import (
	"context"
	"errors"
	"slices"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// resolver returns the function that finds, for one request, the packed channel
// of a view: a readable channel stands for its feed.
func (h *Handler) resolver(ctx context.Context) func(ircbus.View) (ircbus.View, error) {
	wikis := h.Wikis()
	return func(view ircbus.View) (ircbus.View, error) {
		if channel, ok := feed(wikis, view.Channel); ok {
			return view.WithChannel(channel), nil
		}
		// The publisher may be gone while its events are still kept.
		old := view
		old.Filter = ircbus.Filter{}
		errFound := errors.New("found")
		err := h.Index.Range(ctx, history.Query{Views: []ircbus.View{old}, Limit: 1}, func(e *ircbus.Event) error {
			view = view.WithChannel(e.Channel)
			return errFound
		})
		switch {
		case errors.Is(err, errFound):
			return view, nil
		case err != nil:
			return view, err
		}
		p := notFound("there is no channel %q%s; /wikis lists those that there are", view.Channel, ircbus.DidYouMean(nearChannel(wikis, view.Channel)))
		p.Parameter = "channel"
		return view, p
	}
}

// feed finds the packed channel with either name.
func feed(wikis []ircbus.Wiki, name string) (channel string, ok bool) {
	for i := range wikis {
		if channel, ok := ownFeed(&wikis[i], name); ok {
			return channel, true
		}
	}
	return "", false
}

func ownFeed(wiki *ircbus.Wiki, name string) (channel string, ok bool) {
	name = ircbus.Fold(name)
	i := slices.IndexFunc(wiki.Feeds, func(f ircbus.Feed) bool {
		return ircbus.Fold(f.Channel) == name || ircbus.Fold(f.Text) == name
	})
	if i < 0 {
		return "", false
	}
	return wiki.Feeds[i].Channel, true
}

// filler knows the description block of each publisher, by its folded name.
type filler map[string]*ircbus.Wiki

func newFiller(wikis []ircbus.Wiki) filler {
	f := make(filler, len(wikis))
	for i := range wikis {
		f[ircbus.Fold(wikis[i].Publisher)] = &wikis[i]
	}
	return f
}

// fill returns the event with the addresses that its publisher left out. It
// does not change e.
func (f filler) fill(e *ircbus.Event) ircbus.Event { return f.fillIn(new(ircbus.Arena), e) }

// fillIn is fill into an arena.
func (f filler) fillIn(arena *ircbus.Arena, e *ircbus.Event) ircbus.Event {
	filled := *e
	if wiki := f[ircbus.Fold(e.Publisher)]; wiki != nil {
		filled.Fields = arena.Fill(wiki, e.Fields)
	}
	return filled
}
