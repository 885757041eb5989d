package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Publisher is a connection that sends the lines. On a bus it logs in and counts
// acknowledgements; on other servers it is a member like others. One goroutine
// may send, another reads.
type Publisher struct {
	Number int
	Server string // its name and version, by RPL_MYINFO

	net     net.Conn
	in      *bufio.Reader
	reading sync.WaitGroup
	acks    atomic.Uint64
	answer  func(label []byte) // called for each acknowledgement; nil for none
	failed  chan struct{}      // closed with err
	err     error
}

// Login is how a publisher gets in.
type Login struct {
	Account, Password string // SASL PLAIN; "" does not log in
	Channel           string // which it joins, or "" if it need not
}

// busCaps are what the acknowledgements need.
const busCaps = "sasl labeled-response echo-message batch message-tags standard-replies"

// DialPublisher connects and comes in.
func DialPublisher(ctx context.Context, t Target, number int, l Login) (*Publisher, error) {
	nc, err := t.dialConn(ctx, 0)
	if err != nil {
		return nil, err
	}
	p := &Publisher{Number: number, net: nc, in: bufio.NewReaderSize(nc, 64<<10), failed: make(chan struct{})}
	nc.SetDeadline(time.Now().Add(dialTimeout))
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	if err := p.register(t, l); err != nil {
		nc.Close()
		return nil, fmt.Errorf("publisher %d cannot come in: %w", number, err)
	}
	nc.SetDeadline(time.Time{})
	return p, nil
}

// register logs in, if there is an account, and joins the channel.
func (p *Publisher) register(t Target, l Login) error {
	if l.Account != "" {
		p.send("CAP LS 302\r\nCAP REQ :" + busCaps + "\r\n")
	}
	if t.Password != "" {
		p.send("PASS " + t.Password + "\r\n")
	}
	p.send(fmt.Sprintf("NICK %sp%d\r\nUSER %[1]s 0 * :%[1]s\r\n", t.Nick, p.Number))
	for {
		line, err := p.in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("the connection broke: %w", err)
		}
		line = bytes.TrimRight(line, "\r\n")
		command, rest := parse(line)
		switch command {
		case "PING":
			p.send("PONG " + rest + "\r\n")
		case "CAP":
			switch {
			case strings.Contains(rest, " ACK "):
				p.send("AUTHENTICATE PLAIN\r\n")
			case strings.Contains(rest, " NAK "):
				return fmt.Errorf("the server lacks one of the capabilities %s", busCaps)
			}
		case "AUTHENTICATE":
			secret := "\x00" + l.Account + "\x00" + l.Password
			p.send("AUTHENTICATE " + base64.StdEncoding.EncodeToString([]byte(secret)) + "\r\n")
		case "903":
			p.send("CAP END\r\n")
		case "004":
			if words := strings.Fields(rest); len(words) >= 3 {
				p.Server = words[2]
			}
		case "001":
			if l.Channel != "" {
				p.send("JOIN " + l.Channel + "\r\n")
			}
		case "376", "422": // the end of the greeting
			if l.Channel == "" {
				return nil
			}
		case "366":
			return nil
		case "902", "904", "905", "906", "908", "ERROR", "FAIL":
			return fmt.Errorf("the server says %q", line)
		default:
			if refusals[command] {
				return fmt.Errorf("the server says %q", line)
			}
		}
	}
}

func (p *Publisher) send(text string) { p.net.Write([]byte(text)) }

// Write sends complete lines.
func (p *Publisher) Write(lines []byte) error {
	if _, err := p.net.Write(lines); err != nil {
		return fmt.Errorf("publisher %d: %w", p.Number, err)
	}
	return nil
}

// Listen reads what the server says from now on, until Close. It calls answer,
// if that is not nil, with the label of each acknowledgement.
func (p *Publisher) Listen(answer func(label []byte)) {
	p.answer = answer
	p.reading.Go(p.read)
}

func (p *Publisher) read() {
	for {
		line, err := p.in.ReadSlice('\n')
		if err != nil {
			p.fail(fmt.Errorf("publisher %d: the connection broke: %w", p.Number, err))
			return
		}
		if label, ok := bytes.CutPrefix(line, []byte("@label=")); ok || bytes.Contains(firstWord(line), []byte(";label=")) {
			if !ok {
				_, label, _ = bytes.Cut(line, []byte(";label="))
			}
			p.answered(label, line)
			continue
		}
		switch command, rest := parse(line); command {
		case "PING":
			p.send("PONG " + rest)
		case "ERROR", "FAIL", "404":
			p.fail(fmt.Errorf("publisher %d: the server says %q", p.Number, bytes.TrimSpace(line)))
			return
		}
	}
}

// firstWord is the tags of a line, if it has any.
func firstWord(line []byte) []byte {
	if len(line) == 0 || line[0] != '@' {
		return nil
	}
	word, _, _ := bytes.Cut(line, []byte(" "))
	return word
}

// answered takes the answer to a labelled line.
func (p *Publisher) answered(label, line []byte) {
	if !bytes.Contains(line, []byte(" PRIVMSG ")) {
		p.fail(fmt.Errorf("publisher %d: the server says %q", p.Number, bytes.TrimSpace(line)))
		return
	}
	p.acks.Add(1)
	if p.answer != nil {
		end := bytes.IndexAny(label, "; ")
		p.answer(label[:end])
	}
}

func (p *Publisher) fail(err error) {
	if p.err == nil {
		p.err = err
		close(p.failed)
	}
}

// Acknowledged is how many lines the server has acknowledged.
func (p *Publisher) Acknowledged() uint64 { return p.acks.Load() }

// Failed is closed when the publisher cannot go on.
func (p *Publisher) Failed() <-chan struct{} { return p.failed }

// Err is why the publisher cannot go on, or nil.
func (p *Publisher) Err() error {
	select {
	case <-p.failed:
		return p.err
	default:
		return nil
	}
}

// Close ends the connection and waits for its reader.
func (p *Publisher) Close() {
	p.net.Close()
	p.reading.Wait()
}
