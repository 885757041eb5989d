package publisher

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
)

const (
	maxQueue     = 1024    // events in memory that have not been sent yet
	maxUnderWay  = 512     // events sent and not answered yet
	maxWireBytes = 1 << 20 // bytes of them, beyond one event

	carefulFor = 64 // events sent one by one after a refusal that passes

	firstBackoff  = 100 * time.Millisecond
	refusalLimit  = 5 * time.Second  // longest pause after a refusal that passes
	answerTimeout = 60 * time.Second // how long the bus may leave every event unanswered
)

// sender is what run knows. Every event is in one of four places, each in order:
// the spool's files, fromSpool, queue, underWay. Events of the spool are older
// than those of queue, so queue is sent only when all of the spool has been.
type sender struct {
	conn      *conn // nil while there is none
	spool     *spool
	fromSpool []*Pending          // read from the spool, to be sent (again)
	queue     []*Pending          // to be sent
	underWay  map[uint64]*Pending // by try
	wireBytes int                 // of underWay
	window    int                 // how many may be under way at present
	careful   int                 // how many more must be accepted before window grows

	lastOrder, lastTry uint64
	lastAnswer         time.Time // or since when underWay is not empty

	dialing    chan dialed // the answer of the try under way; nil if there is none
	redial     *time.Timer
	redialWait backoff

	paused     bool // after a refusal that passes: nothing is sent
	resume     *time.Timer
	resumeWait backoff

	flushers []chan struct{}
	ctx      context.Context // for dialing; ended by run's end
	cancel   context.CancelFunc
	dials    sync.WaitGroup
}

type dialed struct {
	conn *conn
	err  error
}

func (c *Client) init() {
	c.underWay = make(map[uint64]*Pending)
	c.window = maxUnderWay
	c.redialWait = backoff{first: firstBackoff, limit: c.options.MaxBackoff}
	c.resumeWait = backoff{first: firstBackoff, limit: refusalLimit}
	c.redial, c.resume = time.NewTimer(time.Hour), time.NewTimer(time.Hour)
	c.redial.Stop()
	c.resume.Stop()
	c.ctx, c.cancel = context.WithCancel(context.Background())
}

// run is the client's one goroutine that decides; the connection's loops and
// the dialing only report to it. It ends when Close is called.
func (c *Client) run() {
	defer close(c.stopped)
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	if c.conn == nil {
		c.redialLater()
	}
	for {
		c.pump()
		select {
		case p := <-c.room():
			c.take(p)
		case p := <-c.withdraw:
			c.forget(p)
		case r, alive := <-c.replies():
			c.answers(r, alive)
		case d := <-c.dialing:
			c.dialDone(d)
		case <-c.redial.C:
			c.dial()
		case <-c.resume.C:
			c.paused = false
		case <-tick.C:
			c.keepAlive()
		case empty := <-c.flush:
			c.flushers = append(c.flushers, empty)
		case <-c.closing:
			c.shutDown()
			return
		}
	}
}

// room returns where new events come from, or nil while there is no place.
func (c *Client) room() chan *Pending {
	if len(c.queue) >= maxQueue {
		return nil
	}
	return c.submit
}

// take puts a new event into the queue, and those that wait behind it, so that
// a spool writes many at once.
func (c *Client) take(p *Pending) {
	for {
		c.lastOrder++
		p.order = c.lastOrder
		c.queue = append(c.queue, p)
		if len(c.queue) >= maxQueue {
			return
		}
		select {
		case p = <-c.submit:
		default:
			return
		}
	}
}

// forget drops an event that nobody waits for, if it has not been sent.
func (c *Client) forget(p *Pending) {
	if i := slices.Index(c.queue, p); i >= 0 {
		c.queue = slices.Delete(c.queue, i, i+1)
	}
}

func (c *Client) replies() chan reply {
	if c.conn == nil {
		return nil
	}
	return c.conn.replies
}

// answers handles a reply and those that have come behind it.
func (c *Client) answers(r reply, alive bool) {
	for more := len(c.conn.replies); ; more-- {
		if !alive {
			c.lost(c.conn.err)
			return
		}
		c.answer(r)
		if more <= 0 {
			return
		}
		r, alive = <-c.conn.replies
	}
}

func (c *Client) answer(r reply) {
	p := c.underWay[r.try]
	if p == nil {
		return // of an earlier try, or another part of a refused event
	}
	delete(c.underWay, r.try)
	c.wireBytes -= p.size
	c.lastAnswer = time.Now()
	switch {
	case r.refusal == nil:
		c.redialWait.reset()
		c.resumeWait.reset()
		if c.careful = max(0, c.careful-1); c.careful == 0 {
			c.window = min(c.window+1, maxUnderWay)
		}
		if !c.paused {
			c.setTrouble(nil)
		}
		c.settle(p, r.receipt, nil)
	case passing(r.refusal):
		c.pause(r.refusal)
		c.requeue([]*Pending{p})
	default:
		c.settle(p, ircbus.Receipt{}, r.refusal)
	}
}

// pause stops sending for a while. After it events go out one by one, so that
// none can overtake one that is refused again, until the bus has taken several.
func (c *Client) pause(why *ircbus.Refusal) {
	if c.paused {
		return
	}
	c.paused = true
	c.window, c.careful = 1, carefulFor
	c.setTrouble(why)
	wait := c.resumeWait.wait()
	c.resume.Reset(wait)
	c.options.Log.Warn("the bus cannot take events at present", "code", string(why.Code), "reason", why.Reason, "wait", wait)
}

// requeue puts events that were under way back where they came from, in order.
func (c *Client) requeue(events []*Pending) {
	for _, p := range events {
		list := &c.queue
		if p.entry != nil {
			list = &c.fromSpool
		}
		i, _ := slices.BinarySearchFunc(*list, p.order, func(q *Pending, order uint64) int {
			return int(int64(q.order - order))
		})
		*list = slices.Insert(*list, i, p)
	}
}

// settle answers an event for good.
func (c *Client) settle(p *Pending, receipt ircbus.Receipt, err error) {
	if p.entry == nil {
		p.receipt, p.err = receipt, err
		close(p.done)
		return
	}
	if refusal := (*ircbus.Refusal)(nil); errors.As(err, &refusal) {
		c.spool.refuse(p.entry, refusal)
	}
	c.spool.settle(p.entry)
	c.waiting.Store(int64(c.spool.len()))
	if c.spool.len() == 0 {
		c.options.Log.Info("the spool is empty again", "spool", c.options.Spool)
	}
}

func (c *Client) shutDown() {
	c.cancel()
	c.dials.Wait()
	if c.conn != nil {
		c.conn.close()
		c.requeueAll()
		c.conn = nil
	} else if c.dialing != nil {
		if d := <-c.dialing; d.conn != nil {
			d.conn.close()
		}
	}
	for len(c.submit) > 0 {
		c.lastOrder++
		p := <-c.submit
		p.order = c.lastOrder
		c.queue = append(c.queue, p)
	}
	c.spoolQueue()
	for _, p := range c.queue {
		c.settle(p, ircbus.Receipt{}, ErrClosed)
	}
	if c.spool != nil {
		err := c.spool.close()
		c.mu.Lock()
		c.closeErr = err
		c.mu.Unlock()
	}
}
