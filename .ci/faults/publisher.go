package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// publisher publishes through one door, for as long as its world lasts, whatever
// happens to the bus.
type publisher struct {
	door    string
	number  uint64
	bus     *bus
	ledger  *ledger
	rnd     *rand.Rand
	ctx     context.Context
	seq     int
	open    []string // marks of events with keys that are not acknowledged yet
	spooled []string // marks that a spool has taken, and that must arrive
}

// publishers counts them, so that no two events of a run have the same mark.
var publishers atomic.Uint64

// door is a way into the bus: publish goes on until an error.
type door struct {
	name    string
	answers bool // it says when an event is stored
	publish func(*publisher) error
}

var doors = []door{
	{"IRC", true, publishIRC("plain")},
	{"IRC over TLS", true, publishIRC("TLS")},
	{"IRC over WebSocket", true, publishIRC("WebSocket")},
	{"HTTP form with key", true, post(formWithKey)},
	{"HTTP JSON", true, post(oneJSON)},
	{"HTTP array with keys", true, post(arrayWithKeys)},
	{"HTTP ndjson", true, post(ndjson)},
	{"forge", true, post(forge)},
	{"json", true, post(jsonDoor)},
	{"alertmanager", true, post(alert)},
	{"cloudevents", true, post(cloudEvent)},
	{"incoming", true, post(incoming)},
	{"ntfy", true, post(ntfy)},
	{"mail over LMTP", true, deliverMail},
	{"irker", false, sendLines(func(b *bus) string { return b.irker }, irkerLine)},
	{"syslog", false, sendLines(func(b *bus) string { return b.syslog }, syslogLine)},
	{"PSYC", false, sendLines(func(b *bus) string { return b.psyc }, psycPacket)},
}

// counts are of events by door, over all worlds: acknowledged, or stored of doors that
// acknowledge nothing.
type counts struct {
	sync.Mutex
	by map[string]int
}

var through counts

func (c *counts) add(door string, n int) {
	c.Lock()
	defer c.Unlock()
	if c.by == nil {
		c.by = make(map[string]int)
	}
	c.by[door] += n
}

// run publishes until its world ends.
func (p *publisher) run(d door) {
	for p.goesOn() {
		before := p.ledger.acknowledged()
		d.publish(p)
		if p.ledger.acknowledged() == before {
			p.rest()
		}
	}
}

func (p *publisher) goesOn() bool { return p.ctx.Err() == nil }

// next makes the mark of the next event.
func (p *publisher) next() string {
	p.seq++
	return fmt.Sprintf("F%dx%d", p.number, p.seq)
}

// acknowledge is the ledger's, counted.
func (p *publisher) acknowledge(mark string, id uint64) {
	p.ledger.acknowledge(mark, id)
	through.add(p.door, 1)
}

// rest leaves the others some of the processor, and sometimes hurries.
func (p *publisher) rest() {
	if p.rnd.IntN(4) > 0 {
		pause(p.rnd, 100*time.Millisecond)
	}
}

// onStop closes a connection when the world ends.
func (p *publisher) onStop(conn net.Conn) (cancel func()) {
	stop := context.AfterFunc(p.ctx, func() { conn.Close() })
	return func() { stop() }
}
