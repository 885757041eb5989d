package history

import (
	"context"
	"time"

	"github.com/ircbus/ircbus"
)

// Chat keeps what people say in their channels and to one another. It is apart
// from the log: no id, no cursor and no stream ever leads to it, and it promises
// less, since nobody waits for the disk before he sees a message.
type Chat interface {
	// Keep queues a message and does not wait; the order of the calls is the
	// order of the messages. It is on disk soon, and in any case before a
	// question that comes later is answered. While the store cannot write, a
	// bounded number waits; what comes then is lost, and the log says how much.
	Keep(m ircbus.Message)

	// Last is the id of the message that was kept last.
	Last() uint64

	// Messages calls fn with the messages that q asks for, in q's order, until
	// fn fails. fn may keep them.
	Messages(ctx context.Context, q ircbus.MessageQuery, fn func(*ircbus.Message) error) error

	// Place finds a message by its msgid in one channel or conversation.
	Place(ctx context.Context, owner, target, msgid string) (p ircbus.Place, found bool, err error)

	// Conversations returns with whom the account has exchanged messages whose
	// last lies between the times, From ≤ at < To; the earliest first, or the
	// latest, at most so many.
	Conversations(ctx context.Context, owner string, from, to time.Time, limit int, desc bool) ([]ircbus.Conversation, error)

	// Retract removes every copy of a message, from the store's files too as Redact
	// does, and returns how many there were.
	Retract(ctx context.Context, msgid string) (removed int, err error)

	// RetainChat removes what the rule does not keep and returns how many
	// messages that was.
	RetainChat(ctx context.Context, rule ChatRetention) (removed int, err error)

	// ForgetChat removes the copies of every owner whom keep does not want.
	ForgetChat(ctx context.Context, keep func(owner string) bool) (removed int, err error)
}

// ChatRetention says what may be removed from the chat. Zero does not limit.
type ChatRetention struct {
	MaxAge   time.Duration
	MaxCount int // of one channel or one copy of a conversation
	MaxTotal int // of everything
}
