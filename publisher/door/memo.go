package door

import (
	"context"

	"github.com/ircbus/ircbus"
)

// Memo addresses and checks what an account, a publisher's, tells a person. The
// key is the sender's own id of it, or "". The error is an *ircbus.Refusal.
func (in *Inlet) Memo(account, person, text, key string) (ircbus.Memo, error) {
	if in.Person == nil || in.Notify == nil {
		return ircbus.Memo{}, ircbus.Refuse(ircbus.NotPublisher, "nothing can be told to people here")
	}
	to, err := in.Person(person)
	if err != nil {
		return ircbus.Memo{}, err
	}
	return ircbus.AcceptMemo(ircbus.Memo{From: account, To: to, Text: text, Key: key})
}

// tell leaves the memos, with one try each, and returns the first error.
func (in *Inlet) tell(ctx context.Context, memos []ircbus.Memo) (first error) {
	for _, m := range memos {
		err := in.Notify(ctx, m)
		if err == nil {
			in.told()
		} else if first == nil || !final(err) {
			first = err
		}
	}
	return first
}

// told counts a memo.
func (in *Inlet) told() {
	in.report.mu.Lock()
	defer in.report.mu.Unlock()
	in.report.now.Memos++
}
