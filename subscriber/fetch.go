package subscriber

import (
	"context"
	"errors"
	"time"

	"github.com/ircbus/ircbus"
)

// fetch asks HTTP for a page after the cursor and hands it over. With nothing
// there yet, the bus waits for up to so long. more is true if another page follows.
func (f *follower) fetch(ctx context.Context, wait time.Duration) (more bool, err error) {
	before := f.pos.ID
	p, err := f.bus.after(ctx, f.views, before, min(wait, 30*time.Second))
	if err != nil {
		return false, err
	}
	if err := f.checkLog(ctx, &p); err != nil {
		return false, err
	}
	f.begun = true
	if p.Gap {
		if err := f.removed(ctx, p.Epoch); err != nil {
			return false, err
		}
	}
	for i := range p.Events {
		if err := f.deliver(ctx, &p.Events[i]); err != nil {
			return false, err
		}
	}
	if p.Next == nil {
		return false, f.advance(p.Head)
	}
	if err := f.advance(p.nextAfter()); err != nil {
		return false, err
	}
	if f.pos.ID == before {
		return false, errors.New("the bus gives the same page again and again")
	}
	return true, nil
}

// errOtherLog says that the bus has another log than it had: what its IRC has
// sent so far may be of the old one.
var errOtherLog = errors.New("the bus has another database than before")

// checkLog finds out whether the log is still the one that the cursor is from.
// If not, it puts the cursor where it goes on and fails with errOtherLog.
func (f *follower) checkLog(ctx context.Context, p *page) error {
	gap := Gap{Epoch: p.Epoch}
	next := position{Epoch: p.Epoch, Views: f.pos.Views}
	switch {
	case p.Epoch != f.pos.Epoch:
		gap.Reason, gap.After = NewEpoch, f.pos.ID
	case p.Head < f.pos.ID:
		gap.Reason, gap.After, gap.Until = Rewound, p.Head, f.pos.ID
		next.ID = p.Head
	default:
		return nil
	}
	if err := f.tell(ctx, gap); err != nil {
		return err
	}
	f.pos, f.told = next, 0
	if err := f.save(); err != nil {
		return err
	}
	return errOtherLog
}

// removed tells how far retention has come beyond the cursor. It asks each
// channel for its first event: a view's first may be much later.
func (f *follower) removed(ctx context.Context, epoch string) error {
	var until ircbus.ID
	asked := make(map[string]bool)
	for _, v := range f.views {
		if asked[v.Channel] {
			continue
		}
		asked[v.Channel] = true
		channel, err := ircbus.ParseView(v.Channel)
		if err != nil {
			return err
		}
		p, err := f.bus.after(ctx, []ircbus.View{channel}, f.pos.ID, 0)
		if err != nil {
			return err
		}
		switch {
		case p.Epoch != epoch:
			return errOtherLog // the next page tells
		case p.Gap && len(p.Events) > 0:
			until = max(until, p.Events[0].ID-1)
		case p.Gap && p.Next != nil:
			until = max(until, p.nextAfter())
		case p.Gap:
			until = max(until, p.Head)
		}
	}
	if until <= f.told && f.pos.ID < f.told {
		return nil // a part of what was told before
	}
	f.told = until
	return f.tell(ctx, Gap{Reason: Removed, After: f.pos.ID, Until: until, Epoch: epoch})
}
