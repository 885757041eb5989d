package subscriber

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ergochat/irc-go/ircreader"

	"github.com/ircbus/ircbus"
)

const (
	// silence is how long the bus may say nothing before it is asked for a sign
	// of life, and then again before the connection counts as dead.
	silence = 30 * time.Second
	// writeTimeout is how long the bus may refuse to take a line.
	writeTimeout = 30 * time.Second
	// maxLine is the longest line taken from the bus, with all its tags.
	maxLine = 16 << 10

	// What comes live is kept up to here; more is dropped and fetched later.
	maxQueue      = 10_000
	maxQueueBytes = 16 << 20
	maxJoined     = 1 << 20 // bytes of one event, however the bus limits it
)

// errLost says that live events have been dropped: go back to HTTP.
var errLost = errors.New("live events have been dropped")

// live is one registered connection. While it is being registered one goroutine
// owns it; then the read loop owns the reading, and answers PINGs.
type live struct {
	net     net.Conn
	reader  ircreader.Reader
	nick    string
	views   map[string]*liveView // by folded name, set before the read loop starts; owned by it
	ordered bool                 // one view: the bus keeps the order
	loop    sync.WaitGroup       // the read loop
	once    sync.Once            // of end

	changed chan struct{} // one place: look again at what follows

	mu    sync.Mutex // guards what follows
	queue []ircbus.Event
	bytes int   // about the size of queue
	lost  bool  // events have been dropped since keep
	toGo  int   // views that are not joined yet
	pings int   // barriers begun
	pongs int   // the last that has been answered
	err   error // why the connection ended
}

// liveView is one joined view.
type liveView struct {
	channel string // the packed channel, as the bus writes it
	joined  bool
	joiner  ircbus.Joiner
}

func newLive(nc net.Conn) *live {
	l := &live{net: nc, changed: make(chan struct{}, 1)}
	l.reader.Initialize(probingReader{l}, 4096, maxLine)
	return l
}

// probingReader asks for a sign of life when nothing comes, and gives up when
// still nothing comes.
type probingReader struct{ live *live }

func (r probingReader) Read(p []byte) (int, error) {
	for probed := false; ; probed = true {
		r.live.net.SetReadDeadline(time.Now().Add(silence))
		n, err := r.live.net.Read(p)
		var timeout net.Error
		if n > 0 || probed || !errors.As(err, &timeout) || !timeout.Timeout() {
			return n, err
		}
		r.live.send("PING :alive")
	}
}

// read returns the next line that can be parsed. One that cannot may stand for
// an event.
func (l *live) read() (ircmsg.Message, error) {
	for {
		line, err := l.reader.ReadLine()
		if err != nil {
			return ircmsg.Message{}, err
		}
		m, err := ircmsg.ParseLine(string(line))
		if err == nil {
			return m, nil
		}
		if len(line) > 0 {
			l.drop()
		}
	}
}

// send writes lines. Its error shows in the next read.
func (l *live) send(lines ...string) {
	l.net.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := l.net.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")); err != nil {
		l.net.Close()
	}
}

// join asks for the views, starts the read loop and waits until the bus has
// confirmed all of them: what is delivered from then on comes live.
func (l *live) join(ctx context.Context, views []ircbus.View) error {
	l.views = make(map[string]*liveView)
	for _, v := range views {
		l.views[ircbus.Fold(v.String())] = &liveView{
			channel: v.Channel,
			joiner:  ircbus.Joiner{MaxBody: maxJoined},
		}
	}
	l.toGo, l.ordered = len(l.views), len(l.views) == 1
	l.send(joinLines(views)...)
	l.loop.Go(l.readLoop)
	ctx, cancel := context.WithTimeoutCause(ctx, connectTimeout, errors.New("the bus did not confirm JOIN in time"))
	defer cancel()
	for {
		l.mu.Lock()
		toGo, err := l.toGo, l.err
		l.mu.Unlock()
		if toGo == 0 || err != nil {
			return err
		}
		if err := l.wait(ctx); err != nil {
			return err
		}
	}
}

// joinedTo reports whether these are the views that have been joined.
func (l *live) joinedTo(views []ircbus.View) bool {
	for _, v := range views {
		joined := l.views[ircbus.Fold(v.String())]
		if joined == nil || joined.channel != v.Channel {
			return false
		}
	}
	return len(views) == len(l.views)
}

// joinLines puts as many views on a line as safely fit.
func joinLines(views []ircbus.View) []string {
	var lines []string
	line := ""
	for _, v := range views {
		if line != "" && len(line)+len(v.String()) > 400 {
			lines, line = append(lines, line), ""
		}
		if line == "" {
			line = "JOIN " + v.String()
		} else {
			line += "," + v.String()
		}
	}
	return append(lines, line)
}

// end closes the connection and waits for the read loop.
func (l *live) end() {
	l.once.Do(func() {
		l.net.SetWriteDeadline(time.Now().Add(time.Second))
		l.net.Write([]byte("QUIT :done\r\n")) // a courtesy
		l.net.Close()
	})
	l.loop.Wait()
}

// wait returns when something may have changed, or with ctx's cause.
func (l *live) wait(ctx context.Context) error {
	select {
	case <-l.changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *live) notify() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// keep makes l keep what comes from now on, if it had to drop something.
func (l *live) keep() {
	l.mu.Lock()
	l.lost = false
	l.mu.Unlock()
}

// idle reports whether there is nothing to take.
func (l *live) idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue) == 0 && !l.lost && l.err == nil
}

// take waits for live events and returns them in id order: all that the bus has
// delivered on this connection up to the last of them, some perhaps twice if
// they are in several views. It fails with errLost, with the reason why the
// connection ended, or with ctx's cause.
func (l *live) take(ctx context.Context) ([]ircbus.Event, error) {
	for {
		upTo, err := l.newest()
		if err != nil {
			return nil, err
		}
		if upTo > 0 {
			return l.takeUpTo(ctx, upTo)
		}
		if err := l.wait(ctx); err != nil {
			return nil, err
		}
	}
}

// newest returns the highest id that is queued; 0 if none is.
func (l *live) newest() (id ircbus.ID, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.queue {
		id = max(id, l.queue[i].ID)
	}
	return id, l.failure()
}

// failure is called with mu held.
func (l *live) failure() error {
	if l.err == nil && l.lost {
		return errLost
	}
	return l.err
}

// takeUpTo takes the events up to id out of the queue. The bus keeps the order
// within each view only; but as it delivers in id order and answers a PING after
// everything it had delivered, the answer to a PING that is sent now says that no
// event up to id is still to come.
func (l *live) takeUpTo(ctx context.Context, id ircbus.ID) ([]ircbus.Event, error) {
	if !l.ordered {
		if err := l.barrier(ctx); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.failure(); err != nil {
		return nil, err
	}
	var taken, later []ircbus.Event
	l.bytes = 0
	for _, e := range l.queue {
		if e.ID <= id {
			taken = append(taken, e)
		} else {
			later = append(later, e)
			l.bytes += eventSize(&e)
		}
	}
	l.queue = later
	slices.SortStableFunc(taken, func(a, b ircbus.Event) int {
		switch {
		case a.ID < b.ID:
			return -1
		case a.ID > b.ID:
			return 1
		}
		return 0
	})
	return taken, nil
}

// eventSize is about how much memory an event takes.
func eventSize(e *ircbus.Event) int {
	n := 128
	for _, f := range e.Fields {
		n += len(f.Key) + len(f.Value) + 32
	}
	return n
}
