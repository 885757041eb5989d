package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// refused is the last refusal of each door.
var refused sync.Map

// sendLines makes a door of a program that sends lines over TCP and is told nothing.
func sendLines(address func(*bus) string, line func(mark string) string) func(*publisher) error {
	return func(p *publisher) error {
		conn, err := net.Dial("tcp", address(p.bus))
		if err != nil {
			return err
		}
		defer conn.Close()
		defer p.onStop(conn)()
		go io.Copy(io.Discard, conn)
		if greeting := line(""); greeting != "" {
			io.WriteString(conn, greeting)
		}
		for p.goesOn() {
			conn.SetWriteDeadline(time.Now().Add(patience))
			if _, err := io.WriteString(conn, line(p.next())); err != nil {
				return err
			}
			p.rest()
		}
		return nil
	}
}

func irkerLine(mark string) string {
	if mark == "" {
		return ""
	}
	return `{"to":"irc://irc.example.org/irker","privmsg":"` + mark + `"}` + "\n"
}

func syslogLine(mark string) string {
	if mark == "" {
		return ""
	}
	return "<13>Nov 30 12:00:00 host faults: " + mark + "\n"
}

func psycPacket(mark string) string {
	if mark == "" {
		return ".\n"
	}
	return ":_target\tpsyc://localhost/@psyc\n\n_notice_faults\n" + mark + "\n.\n"
}

// deliverMail delivers mails by LMTP, of which each is acknowledged.
func deliverMail(p *publisher) error {
	conn, err := net.Dial("tcp", p.bus.lmtp)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer p.onStop(conn)()
	lines := bufio.NewReader(conn)
	ask := func(text, want string) error {
		conn.SetDeadline(time.Now().Add(patience))
		if _, err := io.WriteString(conn, text); err != nil {
			return err
		}
		for {
			line, err := lines.ReadString('\n')
			switch {
			case err != nil:
				return err
			case !strings.HasPrefix(line, want):
				refused.Store(p.door, line)
				return fmt.Errorf("%.40q is answered with %s", text, line)
			case line[3] != '-':
				return nil
			}
		}
	}
	if err := ask("", "220"); err != nil {
		return err
	}
	if err := ask("LHLO faults\r\n", "250"); err != nil {
		return err
	}
	for p.goesOn() {
		if len(p.open) == 0 {
			p.open = []string{p.next()}
		}
		mark := p.open[0]
		for _, step := range [][2]string{{"MAIL FROM:<a@example.org>\r\n", "250"}, {"RCPT TO:<list@example.org>\r\n", "250"}, {"DATA\r\n", "354"}} {
			if err := ask(step[0], step[1]); err != nil {
				return err
			}
		}
		if err := ask("From: a@example.org\r\nSubject: "+mark+"\r\nMessage-ID: <"+mark+"@example.org>\r\n\r\ntext\r\n.\r\n", "250"); err != nil {
			return err
		}
		p.acknowledge(mark, 0)
		p.open = nil
		p.rest()
	}
	return nil
}
