package history

import (
	"context"
	"time"

	"github.com/ircbus/ircbus"
)

// Memos keeps what programs have to tell people until they have it.
type Memos interface {
	// Leave keeps a memo, which is on disk when it returns, and returns it with
	// its id and time; isNew is false if one with its key was there before. When
	// the person has as many waiting as the limit says, the error is an
	// *ircbus.Refusal with RateLimited; while nothing can be written, one with
	// StoreUnavailable.
	Leave(ctx context.Context, m ircbus.Memo, limit int) (kept ircbus.Memo, isNew bool, err error)

	// Waiting returns the memos that the account does not have yet, by id.
	Waiting(ctx context.Context, account string) ([]ircbus.Memo, error)

	// Given notes that the account has its memos up to the id. Their texts are
	// removed; their keys are remembered until RetainMemos.
	Given(ctx context.Context, account string, upTo uint64) error

	// RetainMemos removes what is older than the age, and what is for or from
	// accounts whom keep does not want; it returns how many were still waiting.
	RetainMemos(ctx context.Context, age time.Duration, keep func(account string) bool) (removed int, err error)
}
