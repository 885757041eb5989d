package subscriber

import (
	"context"
	"fmt"
	"slices"

	"github.com/ircbus/ircbus"
)

// load takes the position from the cursor file, if it has one.
func (f *follower) load(ctx context.Context) error {
	f.pos.Views = viewNames(f.asked)
	if f.file == nil || !f.file.found {
		return nil
	}
	saved := f.file.saved
	f.known, f.pos.ID, f.pos.Epoch = true, saved.ID, saved.Epoch
	isNew := func(name string) bool { return !slices.Contains(saved.Views, name) }
	if slices.ContainsFunc(f.pos.Views, isNew) {
		gap := Gap{Reason: NewViews, Until: saved.ID, Epoch: saved.Epoch}
		if err := f.tell(ctx, gap); err != nil {
			return err
		}
	}
	return f.save()
}

// viewNames is how a set of views is written in the cursor file.
func viewNames(views []ircbus.View) []string {
	var names []string
	for _, v := range views {
		names = append(names, ircbus.Fold(v.String()))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// start finds the first position, if there is no cursor: where From says, or the
// log's present end.
func (f *follower) start(ctx context.Context) error {
	if f.known {
		return nil
	}
	if c, err := ircbus.ParseCursor(f.opts.From); err == nil && c.Epoch != "" {
		f.known, f.pos.ID, f.pos.Epoch = true, c.ID, c.Epoch // the first page tells if that is another log
		return f.save()
	}
	p, err := f.bus.from(ctx, f.views, f.opts.From)
	if err != nil {
		return fmt.Errorf("finding where to begin: %w", err)
	}
	f.pos.Epoch = p.Epoch
	switch {
	case len(p.Events) > 0:
		f.pos.ID = p.Events[0].ID - 1
	case p.Next != nil: // the bus has not searched everything yet
		f.pos.ID = p.nextAfter()
	default:
		f.pos.ID = p.Head
	}
	if p.Gap {
		if err := f.tell(ctx, Gap{Reason: Removed, Until: f.pos.ID, Epoch: p.Epoch}); err != nil {
			return err
		}
	}
	f.known = true
	return f.save()
}
