package ircd

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

// FuzzSession sends arbitrary bytes in every state of a connection: before
// registration, as a person, in the middle of a login, and as a publisher with
// half an event sent. The server must answer a PING afterwards, or have closed
// the connection with an ERROR, and everybody else must still be served.
func FuzzSession(f *testing.F) {
	for _, seed := range []string{
		"PRIVMSG #moin :page=A\r\n", "@label=1 JOIN #moin?page=x,#talk key\r\nMODE #talk +bklov a b c d\r\n",
		"CAP LS 302\nCAP REQ :sasl -batch\nCAP END\n", "AUTHENTICATE PLAIN\r\nAUTHENTICATE +\r\nAUTHENTICATE *\r\n",
		"NICK moin\r\nUSER\r\nPASS a:b\r\n", "WHO * %tcuihsnfdlaor,1\r\nWHOIS a,b\r\nNAMES\r\nLIST *\r\nUSERHOST\r\n",
		"TOPIC #talk\r\nTOPIC #moin x\r\nPART #moin,#talk :x\r\nJOIN 0\r\n", "MODE x +iB-\r\nMODE #moin +b\r\nAWAY :x\r\n",
		"PRIVMSG #moin :key=k&part=2/2&page~=x\r\nPRIVMSG #moin :part=1/9999&key=z\r\n",
		"TAGMSG #talk\r\n@+a=\\s\\:;b PRIVMSG #talk,x :\x01ACTION\x01\r\n", "\x00\r\r\n\n@;;= :\r\n: :\r\n", "QUIT :x\r\n",
	} {
		for state := range 4 {
			f.Add(byte(state), []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, state byte, input []byte) {
		b := newBus(t, func(c *Config) { c.Limits.Registration = time.Hour })
		var u *user
		switch state % 4 {
		case 0:
			u = b.dial()
		case 1:
			u = b.user("alice")
			u.send("JOIN #moin,#talk,#moin?page=A*")
			u.until("366 alice #moin?")
		case 2:
			u = b.user("alice", allPublishing...)
			u.send("AUTHENTICATE PLAIN")
			u.until("AUTHENTICATE")
		case 3:
			u = b.publisher("moin", allPublishing...)
			u.send("JOIN #moin", "PRIVMSG #moin :key=k&part=1/2&page=x")
		}
		go func() { // the answers may be longer than what the sockets hold
			u.nc.Write(append(bytes.Clone(input), "\r\nPING end-of-fuzz\r\n"...))
		}()
		for {
			line := u.line()
			if strings.HasSuffix(line, "PONG irc.test end-of-fuzz") {
				break
			}
			if strings.HasPrefix(line, "ERROR ") {
				break
			}
			if len(line) > maxInput {
				t.Fatalf("a line of %d bytes", len(line))
			}
		}
		b.user("witness").fence()
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
