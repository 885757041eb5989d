package main

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// ircConn is a connection to the bus over IRC, however it is carried.
type ircConn struct {
	net.Conn
	lines *bufio.Reader
}

// dialIRC connects over plain IRC, TLS or WebSocket.
func dialIRC(b *bus, how string) (*ircConn, error) {
	var conn net.Conn
	var err error
	switch how {
	case "TLS":
		conn, err = tls.Dial("tcp", b.ircTLS, &tls.Config{InsecureSkipVerify: true})
	case "WebSocket":
		conn, err = dialWeb("ws://" + b.web + "/irc")
	default:
		conn, err = net.Dial("tcp", b.irc)
	}
	if err != nil {
		return nil, err
	}
	return &ircConn{conn, bufio.NewReader(conn)}, nil
}

func (c *ircConn) say(lines ...string) error {
	c.SetWriteDeadline(time.Now().Add(patience))
	_, err := io.WriteString(c, strings.Join(lines, "\r\n")+"\r\n")
	return err
}

// line returns the next line, and answers PINGs.
func (c *ircConn) line() (string, error) {
	for {
		c.SetReadDeadline(time.Now().Add(patience))
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return "", err
		}
		line = strings.TrimRight(line, "\r\n")
		if rest, ok := strings.CutPrefix(line, "PING "); ok {
			if err := c.say("PONG " + rest); err != nil {
				return "", err
			}
			continue
		}
		if line != "" {
			return line, nil
		}
	}
}

func (c *ircConn) until(word string) error {
	for {
		line, err := c.line()
		switch {
		case err != nil:
			return err
		case strings.Contains(line, word):
			return nil
		case strings.HasPrefix(line, "ERROR"), strings.Contains(line, " 904 "), strings.Contains(line, " 464 "):
			return fmt.Errorf("refused: %s", line)
		}
	}
}

func (c *ircConn) login(account, secret string) error {
	login := base64.StdEncoding.EncodeToString([]byte(account + "\x00" + account + "\x00" + secret))
	if err := c.say("CAP REQ :sasl labeled-response echo-message message-tags batch", "NICK "+account, "USER x 0 * :x", "AUTHENTICATE PLAIN", "AUTHENTICATE "+login, "CAP END"); err != nil {
		return err
	}
	return c.until(" 422 ")
}

// window is how many events a publisher sends without waiting.
const window = 10

// publishIRC publishes windows of events until the connection ends. Each event has
// a key, and what is not acknowledged is sent again on the next connection.
func publishIRC(how string) func(*publisher) error {
	return func(p *publisher) error {
		c, err := dialIRC(p.bus, how)
		if err != nil {
			return err
		}
		defer c.Close()
		defer p.onStop(c.Conn)()
		if err := c.login("wiki", p.bus.token); err != nil {
			return err
		}
		for p.goesOn() {
			for len(p.open) < window {
				p.open = append(p.open, p.next())
			}
			if err := p.exchange(c); err != nil {
				return err
			}
			p.rest()
		}
		return nil
	}
}

// exchange sends what is open and waits for the answers.
func (p *publisher) exchange(c *ircConn) error {
	var lines []string
	for _, mark := range p.open {
		lines = append(lines, fmt.Sprintf("@label=%s PRIVMSG #wiki :page=%s&comment=faults&key=%s", mark, mark, mark))
	}
	if err := c.say(lines...); err != nil {
		return err
	}
	for range lines {
		line, err := c.line()
		if err != nil {
			return err
		}
		mark, id := tag(line, "label"), tag(line, "msgid")
		if mark == "" || id == "" {
			return fmt.Errorf("answered with %s", line)
		}
		n, err := strconv.ParseUint(id, 10, 64)
		if err != nil {
			return err
		}
		p.acknowledge(mark, n)
	}
	p.open = p.open[:0]
	return nil
}

// tag is the value of one of a line's tags.
func tag(line, key string) string {
	tags, ok := strings.CutPrefix(line, "@")
	if !ok {
		return ""
	}
	tags, _, _ = strings.Cut(tags, " ")
	for tag := range strings.SplitSeq(tags, ";") {
		if value, ok := strings.CutPrefix(tag, key+"="); ok {
			return value
		}
	}
	return ""
}
