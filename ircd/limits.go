package ircd

import (
	"sync/atomic"
	"time"
)

// Limits bound what strangers can make the server do and keep. Whoever meets
// one is told which.
type Limits struct {
	Registration time.Duration // until a connection must have registered; default 30 s, and more for one whose nick was refused
	Ping         time.Duration // of silence until we ask, or up to a quarter less, and again until we give up; default 2 min
	Connections  int           // in all, some of them for operators alone; default 1,048,576
	PerAddress   int           // connections per IPv4 address or IPv6 /64, and four times as many per /24 or /48, loopback excepted; default 64
	ConnectRate  int           // connections a minute from there, in the same way; default 60
	Lines        float64       // lines a second from people, publishers excepted; default 4
	Burst        int           // lines at once before that counts; default 200
	Flood        time.Duration // for which one may go on sending faster than that; default 2 min
	ChannelLines float64       // messages a second in one channel of people, of those without rank in it; default 20
	Nicks        int           // changes of one's nick a minute; default 10
	Targets      int           // people to whom one connection may write within a minute; default 30
	Channels     int           // channels and views that one connection may be in; default 200
	Filters      int           // different filtered views of one feed, over all connections; default 1000
	Masks        int           // bans and exceptions of one channel, all lists together; default 100
	Behind       int           // bytes that a connection may be behind before it is cut off; default 8 MiB
	Batch        int           // events of one connection stored together; default 1000
	BatchOpen    time.Duration // until a client must have ended a batch that it began; default 1 min
	Pace         time.Duration // between two old events that come as notices; default 1 s

	park   time.Duration // of silence until a connection is parked; default 100 ms
	delay  time.Duration // for which what answers nothing waits for more, if the connection is hasty; default 200 ms
	stall  time.Duration // for which nothing may go out to a client that has something to read; default 2 min
	linger time.Duration // for the other side to close after the last words, once its system has them; default 1 s
	choice time.Duration // until a client must have registered whose nick was refused; default 3 min
}

// maxReplies is how many bytes of replies may wait for somebody who has not
// logged in: enough for a list of ten thousand channels. Behind counts for what
// channels bring, and for everybody else.
const maxReplies = 2 << 20

func (l *Limits) setDefaults() {
	def(&l.Registration, 30*time.Second)
	def(&l.Ping, 2*time.Minute)
	def(&l.Connections, 1<<20)
	def(&l.PerAddress, 64)
	def(&l.ConnectRate, 60)
	def(&l.Lines, 4)
	def(&l.Burst, 200)
	def(&l.Flood, 2*time.Minute)
	def(&l.ChannelLines, 20)
	def(&l.Nicks, 10)
	def(&l.Targets, 30)
	def(&l.Channels, 200)
	def(&l.Filters, 1000)
	def(&l.Masks, 100)
	def(&l.Behind, 8<<20)
	def(&l.Batch, 1000)
	def(&l.BatchOpen, time.Minute)
	def(&l.Pace, time.Second)
	def(&l.park, 100*time.Millisecond)
	def(&l.choice, 3*time.Minute)
	def(&l.delay, 200*time.Millisecond)
	def(&l.linger, time.Second)
	def(&l.stall, 2*time.Minute)
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// counters are the running figures behind Stats.
type counters struct {
	connections, registered                         atomic.Int64
	accepted, duplicates, refused, deliveries, slow atomic.Uint64
}

// Stats are a server's figures since it started.
type Stats struct {
	Connections int // at present
	Registered  int // of them, those that completed registration
	Feeds       int // channels of publishers

	Accepted   uint64 // events stored that were published over IRC
	Duplicates uint64 // events published again with the same key
	Refused    uint64 // events refused
	Deliveries uint64 // events times the members they went to
	SlowCut    uint64 // connections cut off for reading too slowly
}

// Stats returns the present figures.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	feeds := len(s.feeds)
	s.mu.Unlock()
	return Stats{
		Connections: int(s.stats.connections.Load()),
		Registered:  int(s.stats.registered.Load()),
		Feeds:       feeds,
		Accepted:    s.stats.accepted.Load(),
		Duplicates:  s.stats.duplicates.Load(),
		Refused:     s.stats.refused.Load(),
		Deliveries:  s.stats.deliveries.Load(),
		SlowCut:     s.stats.slow.Load(),
	}
}
