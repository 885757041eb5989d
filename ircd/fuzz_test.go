package ircd

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

// everyCap asks for all capabilities that a server under test offers.
func everyCap() []string {
	var names []string
	for _, c := range capabilities {
		if c.bit != capSTS && c.bit != capAccountRegistration {
			names = append(names, c.name)
		}
	}
	return names
}

// fuzzStates are what a connection may be in the middle of.
var fuzzStates = []struct {
	name  string
	begin func(*bus) *user
}{
	{"fresh", (*bus).dial},
	{"negotiating capabilities", func(b *bus) *user {
		u := b.dial()
		u.send("CAP LS 302", "NICK alice", "USER alice 0 * :alice", "CAP REQ :"+strings.Join(everyCap(), " "))
		return u
	}},
	{"logging in", func(b *bus) *user {
		u := b.dial()
		u.send("CAP REQ :sasl batch labeled-response", "AUTHENTICATE PLAIN")
		u.until("AUTHENTICATE")
		return u
	}},
	{"logging in again", func(b *bus) *user {
		u := b.user("alice", everyCap()...)
		u.send("AUTHENTICATE PLAIN")
		u.until("AUTHENTICATE")
		return u
	}},
	{"person", func(b *bus) *user { return inChannels(b.user("alice")) }},
	{"person with every capability", func(b *bus) *user { return inChannels(b.user("alice", everyCap()...)) }},
	{"account with two connections", func(b *bus) *user {
		b.publisher("anna")
		return inChannels(b.publisher("anna", everyCap()...))
	}},
	{"operator", func(b *bus) *user { return inChannels(b.publisher("oper", everyCap()...)) }},
	{"half an event sent", func(b *bus) *user {
		u := inChannels(b.publisher("moin", everyCap()...))
		u.send("PRIVMSG #moin :key=k&part=1/2&page=x")
		return u
	}},
	{"in a batch", func(b *bus) *user {
		u := inChannels(b.user("alice", everyCap()...))
		u.send("@label=x BATCH +r draft/multiline #talk", "@batch=r PRIVMSG #talk :x")
		return u
	}},
	{"in a batch that is an event", func(b *bus) *user {
		u := inChannels(b.publisher("moin", everyCap()...))
		u.send("@label=x BATCH +r draft/multiline #moin", "@batch=r PRIVMSG #moin :page=A")
		return u
	}},
}

func inChannels(u *user) *user {
	u.send("JOIN #moin,#talk,#moin.text,#moin?page=A*")
	u.fence()
	return u
}

// oddParams are what clients may put behind a command.
var oddParams = []string{
	"", " :", " *", " * * * * * * * *", " -", " +", " 0", " 99999999999999999999 -1", " a a a a a a a a a a a a a a a a",
	" #talk", " #moin", " #moin?page=A*", " #", " #?", " moin", " alice", " bob,,alice,#talk,#moin,bob", " @#talk,+#talk :x",
	" #talk :x", " #moin :page=A", " #moin :id=1&part=2/1", " alice :x y", " x 0 * :x", " :x:y z", " #talk alice :reason",
	" #talk +o-v+bklimnst alice x!*@* y 1 alice key", " #talk -ovbklimnstCeI+q * * *", " alice +iwBo-iwBo", " #talk b",
	" %tcuihsnfdlaor,1", " alice %x", " \x01\x02\x7f", " \xff\xfe", " " + strings.Repeat("x", 400), " " + strings.Repeat("#x,", 130),
	" LS 302", " LIST", " END", " REQ :sasl batch -batch", " REQ :" + strings.Repeat("x", 300), " + bob,alice", " - bob", " L", " S", " C",
	" LATEST #talk * 10", " BEFORE #moin msgid=1 5", " BETWEEN #moin timestamp=2026-11-20T10:00:00.000Z msgid=x 999", " TARGETS * * 5",
	" +r draft/multiline #talk", " -r", " +r x", " PLAIN", " SCRAM-SHA-256", " +", " anna secret", " a:secret", " #talk msgid=x",
	" #talk timestamp=2026-11-20T10:00:00.000Z", " alice *", " * x :y", " alice 5", " 1 x!*@* :x",
}

// oddLines are a command with all odd parameters, with and without tags.
func oddLines(command string) []byte {
	var lines []byte
	for i, params := range oddParams {
		tags := [...]string{"", "@label=l ", "@batch=r;draft/multiline-concat ", "@+typing=active;+draft/reply=x;label=" + strings.Repeat("l", 70) + " "}[i%4]
		lines = append(lines, tags+command+params+"\r\n"...)
	}
	return lines
}

// FuzzSession sends arbitrary bytes in every state of a connection. The server
// must answer a PING afterwards, or have closed the connection with an ERROR;
// everybody else must still be served, and when all have left nothing may be left
// of them. The seeds are every command with odd parameters.
func FuzzSession(f *testing.F) {
	seeds := [][]byte{
		[]byte("@label=1 JOIN #moin?page=x,#talk key\r\nMODE #talk +bklov a b c d\r\n"),
		[]byte("CAP LS 302\nCAP REQ :sasl -batch\nCAP END\n"), []byte("AUTHENTICATE PLAIN\r\nAUTHENTICATE +\r\nAUTHENTICATE *\r\n"),
		[]byte("REGISTER * * password\r\nVERIFY x y\r\nNS IDENTIFY moin secret\r\nPRIVMSG NickServ :CERT ADD\r\n"), []byte("NICKSERV PASSWD a b\r\nAUTHENTICATE SCRAM-SHA-256\r\nAUTHENTICATE EXTERNAL\r\n"),
		[]byte("PRIVMSG #moin :key=k&part=2/2&page~=x\r\nPRIVMSG #moin :part=1/9999&key=z\r\n"),
		[]byte("@batch=r NOTICE #talk :x\r\n@batch=r PRIVMSG #talk :\xff\r\nBATCH -r\r\nBATCH +r draft/multiline x\r\n"),
		[]byte("@+a=\\s\\:;b PRIVMSG #talk,x :\x01ACTION\x01\r\n"), []byte("\x00\r\r\n\n@;;= :\r\n: :\r\n"),
	}
	for command := range commands {
		seeds = append(seeds, oddLines(command))
	}
	for _, seed := range seeds {
		for state := range fuzzStates {
			f.Add(byte(state), seed)
		}
	}
	f.Fuzz(func(t *testing.T, state byte, input []byte) {
		b := newBus(t, func(c *Config) { c.Limits.Registration = time.Hour })
		before := b.sizes()
		in := fuzzStates[int(state)%len(fuzzStates)]
		u := in.begin(b)
		go func() { // the answers may be longer than what the sockets hold
			u.nc.Write(append(bytes.Clone(input), "\r\nPING end-of-fuzz\r\n"...))
		}()
		for {
			line := u.line()
			if strings.HasSuffix(line, "PONG irc.test end-of-fuzz") || strings.HasPrefix(line, "ERROR ") {
				break
			}
			if len(line) > maxInput {
				t.Fatalf("a line of %d bytes", len(line))
			}
		}
		if in.name != "operator" { // who may ban everybody
			b.user("witness").fence()
		}
		b.hangUp()
		wait(t, "all to be gone", func() bool { return b.Stats().Connections == 0 })
		if left := b.left(before); left != "" {
			t.Error(left)
		}
	})
}

// FuzzReader: lines and errors do not depend on how the bytes are split, and
// are what splitting at LF gives.
func FuzzReader(f *testing.F) {
	f.Add([]byte("a\r\nb\n\nc"), uint8(1))
	f.Fuzz(func(t *testing.T, input []byte, step uint8) {
		lr := lineReader{src: &stepReader{input, int(step) + 1}}
		lines := bytes.Split(input, []byte{'\n'})
		for _, want := range lines[:len(lines)-1] { // what follows the last LF is no line
			want = bytes.TrimSuffix(want, []byte{'\r'})
			got, err := lr.next()
			if (err != nil) != (len(want) > maxInput) || err == nil && !bytes.Equal(got, want) {
				t.Fatalf("got %d bytes and %v, want %d bytes", len(got), err, len(want))
			}
		}
		if _, err := lr.next(); err != io.EOF {
			t.Fatalf("ends with %v", err)
		}
	})
}

type stepReader struct {
	rest []byte
	step int
}

func (r *stepReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest[:min(r.step, len(r.rest))])
	r.rest = r.rest[n:]
	return n, nil
}
