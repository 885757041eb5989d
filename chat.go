package ircbus

import "time"

// Message is what somebody said or did in a channel of people, or said to
// somebody else, as it is kept for CHATHISTORY. It is not an event: nothing but
// IRC ever shows it.
type Message struct {
	ID uint64 // its place in the order of all messages, given by the store; 0 before

	// Where it was said. Of a conversation between two people each keeps a copy
	// of his own. Neither name regards case.
	Owner  string // the account whose copy this is; "" in a channel
	Target string // the channel, or the account or nick of the other one

	At      time.Time // UTC, whole microseconds
	MsgID   string
	Source  string // nick!user@host
	Account string // the sender's, "" if he had not logged in
	Command string // PRIVMSG, NOTICE, TAGMSG, JOIN, PART, QUIT, KICK, MODE, TOPIC or NICK
	Params  []string
	Tags    string // client-only tags as they go on the wire
	Bot     bool
	Closed  bool // not everybody could enter or see the channel
}

// Place is where a message is in its channel or conversation: messages are
// ordered by their times, and those of one time by their ids.
type Place struct {
	At time.Time
	ID uint64
}

// MessageQuery asks for messages of one channel or conversation. The zero value
// of every other field does not restrict.
type MessageQuery struct {
	Owner, Target string

	After, Before Place     // neither of them included
	Last          uint64    // kept until then: id ≤ Last
	Since         time.Time // Since ≤ at
	Opened        time.Time // of what was said before, nothing from a closed channel
	Texts         bool      // PRIVMSG and NOTICE alone
	Limit         int       // at most so many
	Desc          bool      // the newest first
}

// Conversation is somebody with whom messages have been exchanged.
type Conversation struct {
	With string
	At   time.Time // of the last PRIVMSG or NOTICE
}
