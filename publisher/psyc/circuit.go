package psyc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

const (
	circuitIdle = 10 * time.Minute // without a packet
	pongEvery   = 2 * time.Minute  // at most, as psyced's
	writeWithin = 10 * time.Second
)

// circuit is a TCP connection (about.psyc.eu/Circuit). Owned by serve.
type circuit struct {
	s       *Source
	conn    net.Conn
	lines   *bufio.Reader
	end     byte  // "." or "|", by which its packets end
	kept    state // variables of the old syntax that last
	trusted bool
	ponged  time.Time
}

// serve takes the packets of a connection, one after the other: the next is read
// when this one is on disk. Those that are not taken are answered.
func (s *Source) serve(ctx context.Context, conn net.Conn) {
	c := &circuit{s: s, conn: conn, lines: bufio.NewReaderSize(conn, maxPacket), end: '.'}
	if err := c.greet(); err != nil {
		return
	}
	for more := true; more; {
		conn.SetReadDeadline(time.Now().Add(circuitIdle))
		text, err := c.read()
		if errors.Is(err, errTooLong) || errors.Is(err, errLength) {
			c.s.in.Received(1)
			c.refuse(nil, &denied{door.Malformed, "_error_rejected_length", err})
			return
		}
		if err != nil && len(text) == 0 {
			return
		}
		more = err == nil && c.take(ctx, text)
	}
}

// greet waits for the line that begins a circuit, and answers as psyced does:
// its scripts do not go on before that.
func (c *circuit) greet() error {
	c.conn.SetReadDeadline(time.Now().Add(circuitIdle))
	first, err := c.lines.ReadString('\n')
	if err != nil {
		return err
	}
	switch strings.TrimRight(first, "\r\n") {
	case ".":
	case "|":
		c.end = '|'
	default:
		err := ircbus.Refuse(ircbus.InvalidEvent, "The old protocol begins with a dot on a line by itself.")
		c.s.in.Received(1)
		c.refuse(nil, &denied{door.Malformed, "_error_syntax_initialization", err})
		return err
	}
	peer := c.conn.RemoteAddr().String()
	end := string(c.end) + "\n"
	source := ":_source\tpsyc://" + c.s.cfg.Host + "/\n"
	return c.write(end + source + ":_target_peer\tpsyc://" + peer + "/\n\n:_implementation\tircbus\n_notice_circuit_established\n" +
		"Hello [_target_peer].\nCircuit to [_source] running [_implementation] established.\n" + end +
		source + "\n:_available_hashes\tsha256;sha1;md5\n:_available_characters\tUTF-8\n:_using_characters\tUTF-8\n" +
		":_available_protocols\tPSYC/0.9 PSYC/1.0\n_status_circuit\nAvailable protocols: [_available_protocols].\n" + end)
}

func (c *circuit) write(text string) error {
	c.conn.SetWriteDeadline(time.Now().Add(writeWithin))
	_, err := io.WriteString(c.conn, text)
	return err
}

var errLength = errors.New("the packet does not end where its length says")

var errTooLong = fmt.Errorf("the packet has more than %d bytes", maxPacket)

// read returns the next packet without its last line. At the end of the
// connection a packet may lack that.
func (c *circuit) read() (text string, err error) {
	var packet []byte
	for {
		line, err := c.lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) || len(packet)+len(line) > maxPacket {
			return "", errTooLong
		}
		trimmed := strings.TrimRight(string(line), "\r\n")
		if trimmed == string(c.end) {
			return string(packet), nil
		}
		routed := c.end == '|' && isDigits(trimmed) && isRouting(packet)
		packet = append(packet, line...)
		if err != nil {
			return string(packet), err
		}
		if routed {
			return c.readContent(packet, trimmed)
		}
	}
}

// readContent reads the rest of a packet whose length is told.
func (c *circuit) readContent(packet []byte, digits string) (string, error) {
	n := 0
	fmt.Sscan(digits, &n)
	if n+len(packet) > maxPacket {
		return "", errTooLong
	}
	content := make([]byte, n)
	if _, err := io.ReadFull(c.lines, content); err != nil {
		return "", err
	}
	end, err := c.lines.ReadSlice('\n')
	if err == nil && len(end) == 1 { // the last line feed was not counted
		content = append(content, '\n')
		end, err = c.lines.ReadSlice('\n')
	}
	if err == nil && strings.TrimRight(string(end), "\r\n") != "|" {
		err = errLength
	}
	return string(packet) + string(content), err
}

// take does what a packet says; false ends the circuit.
func (c *circuit) take(ctx context.Context, text string) bool {
	p, err := parse(text, c.end == '.', &c.kept)
	if err != nil {
		c.s.in.Received(1)
		wrong := &denied{door.Malformed, "_error_invalid_syntax", err}
		if e, ok := errors.AsType[*syntaxError](err); ok {
			wrong.method = e.method
		}
		return c.refuse(nil, wrong) == nil
	}
	door.Heard(ctx)
	from := door.Remote(c.conn.RemoteAddr())
	switch {
	case p.Method == "" && p.Check.Name == "":
		return c.pong() == nil
	case isA(p.Method, "_request_circuit_shutdown"):
		return false
	case isA(p.Method, "_request_circuit_trust"):
		return c.trust(ctx, p) == nil
	case isA(p.Method, "_status"), isA(p.Method, "_request"), isA(p.Method, "_notice_circuit"):
		return true // about the circuit alone
	}
	c.s.in.Received(1)
	by, err := c.prove(ctx, p)
	if err != nil {
		return c.refuse(p, &denied{door.Rate, "_failure_exceeded_limit", err}) == nil
	}
	input, err := c.s.input(p, from, by, c.trusted)
	if err != nil {
		return c.answer(p, err) == nil
	}
	c.s.in.Keep(ctx, input)
	return ctx.Err() == nil
}

// pong answers a packet that says nothing, now and then.
func (c *circuit) pong() error {
	if time.Since(c.ponged) < pongEvery {
		return nil
	}
	c.ponged = time.Now()
	return c.write(string(c.end) + "\n")
}

// prove is Source.prove, which for a check that proves nothing takes a while.
func (c *circuit) prove(ctx context.Context, p *Packet) (proof, error) {
	by, secrets := c.s.prove(p), c.s.cfg.Secrets
	if p.Check.Name == "" || secrets == nil {
		return by, nil
	}
	_, err := secrets.Admit(ctx, door.Remote(c.conn.RemoteAddr()), by.err == nil)
	return by, err
}

// trust lets a circuit speak that proves to know a secret.
func (c *circuit) trust(ctx context.Context, p *Packet) error {
	by, err := c.prove(ctx, p)
	switch {
	case err != nil:
		return c.refuse(p, &denied{door.Rate, "_failure_exceeded_limit", err})
	case by.name == "":
		return c.refuse(p, &denied{door.Sender, "_failure_invalid_circuit_trust", ircbus.Refuse(ircbus.InvalidEvent, "Sorry, could not verify your authorization.")})
	}
	c.trusted = true
	return c.say(p, "_echo_circuit_trust", "You have gained my trust.")
}

// refuse counts and answers a packet that is not taken; p is nil if it cannot be
// read.
func (c *circuit) refuse(p *Packet, d *denied) error {
	c.s.in.Refuse(d.reason, door.Remote(c.conn.RemoteAddr()).String(), ircbus.Refuse(ircbus.InvalidEvent, "%v", d.err))
	return c.answer(p, d)
}

func (c *circuit) answer(p *Packet, err error) error {
	method := "_error_invalid_syntax"
	if d, ok := errors.AsType[*denied](err); ok && d.method != "" {
		method = d.method
	}
	return c.say(p, method, err.Error())
}

// say sends a packet that answers another one, or no particular one.
func (c *circuit) say(p *Packet, method, text string) error {
	routing := ":_source\tpsyc://" + c.s.cfg.Host + "/\n"
	if p != nil {
		for _, echo := range []struct{ name, of string }{{"_target", "_source"}, {"_tag_reply", "_tag"}} {
			if value := p.Get(echo.of); value != "" && !strings.Contains(value, "\n") {
				routing += ":" + echo.name + "\t" + value + "\n"
			}
		}
	}
	return c.write(routing + "\n" + method + "\n" + strings.ReplaceAll(text, "\n", " ") + "\n" + string(c.end) + "\n")
}
