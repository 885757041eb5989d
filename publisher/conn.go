package publisher

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ergochat/irc-go/ircreader"
)

const (
	// pingEvery is how often the bus is asked for a sign of life;
	// readTimeout is how long it may show none.
	pingEvery   = 30 * time.Second
	readTimeout = 90 * time.Second
	// writeTimeout is how long the bus may refuse to take more.
	writeTimeout = 60 * time.Second
	// maxLine is the longest line taken from the bus, with all its tags.
	maxLine = 16 << 10
)

// conn is one logged-in connection. After the login its read loop owns the
// reader and its write loop the writing; replies and err go to the client.
type conn struct {
	net     net.Conn
	reader  ircreader.Reader
	batches map[string]string // reference → label; owned by the read loop
	replies chan reply        // closed at the end of the connection
	err     error             // why it ended; set before replies is closed
	loops   sync.WaitGroup
	gone    chan struct{} // closed by close
	once    sync.Once

	wake chan struct{} // one place: there is something to write
	mu   sync.Mutex
	out  []byte // guarded by mu: to be written
}

func newConn(nc net.Conn) *conn {
	c := &conn{
		net:     nc,
		batches: make(map[string]string),
		replies: make(chan reply, 256),
		gone:    make(chan struct{}),
		wake:    make(chan struct{}, 1),
	}
	c.reader.Initialize(timedReader{nc}, 4096, maxLine)
	return c
}

// timedReader gives up when nothing comes for readTimeout.
type timedReader struct{ net net.Conn }

func (t timedReader) Read(p []byte) (int, error) {
	t.net.SetReadDeadline(time.Now().Add(readTimeout))
	return t.net.Read(p)
}

// run starts the two loops, which close ends.
func (c *conn) run() {
	c.loops.Go(c.readLoop)
	c.loops.Go(c.writeLoop)
}

// close ends the connection and both loops, and waits for them.
func (c *conn) close() {
	c.once.Do(func() {
		close(c.gone)
		c.net.Close()
	})
	c.loops.Wait()
}

// readLine returns the next line that can be parsed.
func (c *conn) readLine() (ircmsg.Message, error) {
	for {
		line, err := c.reader.ReadLine()
		if err != nil {
			return ircmsg.Message{}, err
		}
		if m, err := ircmsg.ParseLine(string(line)); err == nil {
			return m, nil
		}
	}
}

// writeNow writes lines during the login. Its error shows in the next read.
func (c *conn) writeNow(lines ...string) {
	c.net.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := c.net.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")); err != nil {
		c.net.Close()
	}
}

// write queues complete lines, with their ends; it never blocks. The client
// bounds what is queued by the events that it has under way.
func (c *conn) write(lines []byte) {
	c.mu.Lock()
	c.out = append(c.out, lines...)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// maxIdleBuffer is the largest write buffer that is kept for the next lines.
const maxIdleBuffer = 64 << 10

func (c *conn) writeLoop() {
	var spare []byte
	for {
		select {
		case <-c.wake:
		case <-c.gone:
			return
		}
		c.mu.Lock()
		lines := c.out
		c.out = spare[:0]
		c.mu.Unlock()
		c.net.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := c.net.Write(lines); err != nil {
			c.net.Close() // the read loop reports the end
			return
		}
		if spare = lines; cap(spare) > maxIdleBuffer {
			spare = nil
		}
	}
}

// readLoop turns the bus's lines into replies until the connection ends.
func (c *conn) readLoop() {
	defer close(c.replies)
	for {
		m, err := c.readLine()
		if err != nil {
			c.err = fmt.Errorf("the connection to the bus broke: %w", err)
			return
		}
		switch m.Command {
		case "PING":
			c.write([]byte("PONG :" + last(m.Params) + "\r\n"))
			continue
		case "ERROR":
			c.err = errors.New("the bus closed the connection: " + last(m.Params))
			return
		}
		if r, ok := c.reply(&m); ok {
			select {
			case c.replies <- r:
			case <-c.gone:
				return
			}
		}
	}
}

func last(params []string) string {
	if len(params) == 0 {
		return ""
	}
	return params[len(params)-1]
}
