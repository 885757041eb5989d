package door

import (
	"maps"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
)

// Reason says why a door did not take something.
type Reason string

// The reasons for which doors refuse.
const (
	Malformed Reason = "malformed" // it is not what comes through this door
	Sender    Reason = "sender"    // its sender may not: address, secret, signature, login
	Target    Reason = "target"    // there is no such channel or person for it
	Refused   Reason = "event"     // the bus refuses the event
	Rate      Reason = "rate"      // its sender has sent too much
)

// Reasons are all of them.
var Reasons = []Reason{Malformed, Sender, Target, Refused, Rate}

// Where says where input was lost that could not be pushed back.
type Where string

// The places where input is lost.
const (
	Kernel Where = "kernel" // in the socket's buffer, as far as the kernel tells
	Queue  Where = "queue"  // while the store was away for too long
	Gap    Where = "gap"    // between two polls of a wiki; nobody knows how much it was, so each gap counts once
)

// Places are all of them.
var Places = []Where{Kernel, Queue, Gap}

// Report is what has come of a door's input since it was opened. Its JSON is in
// docs/doors/README.md.
type Report struct {
	Door        string            `json:"door"`
	Received    uint64            `json:"received"`   // packets, requests, lines: whatever comes through this door
	Stored      uint64            `json:"stored"`     // events, without the duplicates
	Duplicates  uint64            `json:"duplicates"` // of events that the log had before
	Memos       uint64            `json:"memos"`      // kept for people
	Refused     map[Reason]uint64 `json:"refused"`
	Dropped     map[Where]uint64  `json:"dropped"`
	LastEvent   *LastEvent        `json:"last_event,omitempty"`
	LastRefusal *LastRefusal      `json:"last_refusal,omitempty"`
	LastTrouble *LastTrouble      `json:"last_trouble,omitempty"`

	Queued        int `json:"queued_bytes"`         // of packets that wait for the store
	ReceiveBuffer int `json:"receive_buffer_bytes"` // that the kernel gave the socket
}

// LastEvent is the newest event that came through a door.
type LastEvent struct {
	ID      ircbus.ID `json:"id"`
	At      time.Time `json:"at"`
	Channel string    `json:"channel"`
}

// LastRefusal is what a door refused last.
type LastRefusal struct {
	At     time.Time `json:"at"`
	Reason Reason    `json:"reason"`
	Detail string    `json:"detail"` // a sentence
	Sender string    `json:"sender"` // an address, or a name that was proven
}

// LastTrouble is what has kept a door from its work last.
type LastTrouble struct {
	At     time.Time `json:"at"`
	What   string    `json:"what"`
	Detail string    `json:"detail"`
}

// logEvery is how often the same kind of trouble is logged.
const logEvery = time.Minute

// reporter keeps a Report up to date. It logs each kind of trouble at once when
// it begins, and then once a minute with a count, however much has it.
type reporter struct {
	mu       sync.Mutex
	now      Report
	queue    *queue
	buffer   int
	troubles map[string]*trouble // by message
}

// trouble is one kind of it since it was last logged.
type trouble struct {
	count  uint64
	logged time.Time
}

func (r *reporter) init() {
	r.now.Refused, r.now.Dropped = make(map[Reason]uint64), make(map[Where]uint64)
	for _, reason := range Reasons {
		r.now.Refused[reason] = 0
	}
	for _, where := range Places {
		r.now.Dropped[where] = 0
	}
	r.troubles = make(map[string]*trouble)
}

// Report returns the counts of this moment.
func (in *Inlet) Report() Report {
	r := &in.report
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now
	now.Door, now.ReceiveBuffer = in.Name, r.buffer
	now.Refused, now.Dropped = maps.Clone(now.Refused), maps.Clone(now.Dropped)
	if r.queue != nil {
		now.Queued = r.queue.size()
	}
	return now
}

// Received counts what came, whatever becomes of it.
func (in *Inlet) Received(n int) {
	in.report.mu.Lock()
	defer in.report.mu.Unlock()
	in.report.now.Received += uint64(n)
}

// Refuse counts one thing that the door does not take, and says so in the log.
// The error tells why; it must not have a secret in it.
func (in *Inlet) Refuse(reason Reason, sender string, err error) {
	in.Bus.Refused(codeFor(reason, err))
	r := &in.report
	r.mu.Lock()
	defer r.mu.Unlock()
	detail := clip(err.Error())
	r.now.Refused[reason]++
	r.now.LastRefusal = &LastRefusal{time.Now().UTC(), reason, detail, sender}
	in.note("input that is not taken: "+string(reason), "sender", sender, "latest", detail)
}

// codeFor is how a refusal counts for the bus as a whole.
func codeFor(reason Reason, err error) ircbus.Code {
	switch reason {
	case Sender, Target:
		return ircbus.NotPublisher
	case Rate:
		return ircbus.RateLimited
	}
	return CodeOf(err)
}

// Drop counts what was lost.
func (in *Inlet) Drop(where Where, n int) {
	r := &in.report
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.Dropped[where] += uint64(n)
	in.note("input that is lost: "+string(where), "lost", n)
}

// Trouble logs something that keeps the door from its work.
func (in *Inlet) Trouble(message string, err error) {
	in.report.mu.Lock()
	defer in.report.mu.Unlock()
	detail := clip(err.Error())
	in.report.now.LastTrouble = &LastTrouble{time.Now().UTC(), message, detail}
	in.note(message, "latest", detail)
}

// note logs trouble, unless it has been logged within the minute. The lock is
// held.
func (in *Inlet) note(message string, args ...any) {
	t := in.report.troubles[message]
	if t == nil {
		t = &trouble{}
		in.report.troubles[message] = t
	}
	t.count++
	if now := time.Now(); now.Sub(t.logged) >= logEvery {
		in.Log.Warn(message, append([]any{"count", t.count}, args...)...)
		*t = trouble{logged: now}
	}
}

// stored counts what came of a batch.
func (in *Inlet) stored(events []ircbus.Event, receipts []ircbus.Receipt) {
	r := &in.report
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, receipt := range receipts {
		if receipt.Duplicate {
			r.now.Duplicates++
			continue
		}
		r.now.Stored++
		r.now.LastEvent = &LastEvent{receipt.ID, receipt.At, events[i].Channel}
	}
}

// maxDetail is how much of a refusal's reason is kept, in bytes.
const maxDetail = 300

func clip(s string) string {
	if len(s) > maxDetail {
		return s[:maxDetail] + "…"
	}
	return s
}
