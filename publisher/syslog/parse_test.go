package syslog

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

var (
	zone   = time.FixedZone("", 2*60*60)
	now    = time.Date(2026, 11, 26, 2, 1, 17, 0, zone)
	sender = netip.MustParseAddr("192.0.2.9")
)

// sent is one thing that logger has sent.
type sent struct{ Logger, Transport, Bytes string }

func (s sent) raw() []byte {
	var raw []byte
	for _, r := range s.Bytes {
		raw = append(raw, byte(r))
	}
	return raw
}

func recorded(t testing.TB) []sent {
	t.Helper()
	lines, err := os.ReadFile("testdata/logger.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var all []sent
	for line := range bytes.Lines(lines) {
		var s sent
		if err := json.Unmarshal(line, &s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// Every form in which logger sends a message is the same event.
func TestLogger(t *testing.T) {
	for _, s := range recorded(t) {
		packet := s.raw()
		if s.Transport == "tcp" {
			var err error
			if packet, err = newFrames(bytes.NewReader(packet)).next(); err != nil {
				t.Errorf("%s: %v", s.Logger, err)
			}
		}
		m, err := Parse(packet, now.In(time.UTC))
		if err != nil {
			t.Errorf("%s: %v", s.Logger, err)
			continue
		}
		f := m.Fields(sender, 0)
		host := "vm"
		if strings.Contains(s.Logger, "nohost") {
			host = "192.0.2.9"
		} else if !strings.HasPrefix(f.Get("time"), "2026-11-26T00:01:16.") {
			t.Errorf("%s: the time is %s", s.Logger, f.Get("time"))
		}
		if want := host + " sshd[4711] err: Failed password for שלום from 192.0.2.7"; f.Get("text") != want {
			t.Errorf("%s: got %q, want %q", s.Logger, f.Get("text"), want)
		}
		if f.Get("facility") != "auth" || f.Get("severity") != "err" || f.Get("app") != "sshd" || f.Get("procid") != "4711" || f.Get("comment") != "Failed password for שלום from 192.0.2.7" {
			t.Errorf("%s: %v", s.Logger, f)
		}
		if strings.Contains(s.Logger, "--sd-id") && (f.Get("zoo_123.tiger") != "hungry" || f.Get("zoo_123.zebra") != `run"ning` || f.Get("msgid") != "ID47") {
			t.Errorf("%s: %v", s.Logger, f)
		}
	}
}

// The examples of the two RFCs, and what other programs send.
func TestForms(t *testing.T) {
	for _, test := range []struct{ packet, want string }{
		{"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \uFEFF'su root' failed for lonvick on /dev/pts/8",
			"time=2003-10-11T22:14:15.003000Z&facility=auth&severity=crit&host=mymachine.example.com&app=su&msgid=ID47&comment='su root' failed for lonvick on /dev/pts/8"},
		{"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
			"time=2003-08-24T12:14:15.000003Z&facility=local4&severity=notice&host=192.0.2.1&app=myproc&procid=8710&comment=%% It's time to make the do-nuts."},
		{`<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="App\]lication"][examplePriority@32473 class="high"]`,
			"time=2003-10-11T22:14:15.003000Z&facility=local4&severity=notice&host=mymachine.example.com&app=evntslog&msgid=ID47&exampleSDID_32473.iut=3&exampleSDID_32473.eventSource=App]lication&examplePriority_32473.class=high"},
		{"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
			"time=2026-10-11T20:14:15.000000Z&facility=auth&severity=crit&host=mymachine&app=su&comment='su root' failed for lonvick on /dev/pts/8"},
		{"<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!", "time=2026-02-05T15:32:18.000000Z&facility=user&severity=notice&host=10.0.0.99&comment=Use the BFG!"},
		{"Use the BFG!", "facility=user&severity=notice&host=192.0.2.9&comment=Use the BFG!"},
		{"<191>dhcpd: DHCPACK on 10.0.0.5", "facility=local7&severity=debug&host=192.0.2.9&app=dhcpd&comment=DHCPACK on 10.0.0.5"},
		{"<46>2026-11-26T00:00:01.5+02:00 wiki1 rsyslogd: start", "time=2026-11-25T22:00:01.500000Z&facility=syslog&severity=info&host=wiki1&app=rsyslogd&comment=start"},
		{"<189>Dec 31 2025 23:59:59: %SYS-5-CONFIG_I: Configured", "time=2025-12-31T21:59:59.000000Z&facility=local7&severity=notice&host=192.0.2.9&app=%SYS-5-CONFIG_I&comment=Configured"},
		{"<13>1 broken header", "facility=user&severity=notice&host=192.0.2.9&comment=1 broken header"},
		{"<192>no priority", "facility=user&severity=notice&host=192.0.2.9&comment=<192>no priority"},
		{"<13>see http://example.org/", "facility=user&severity=notice&host=192.0.2.9&comment=see http://example.org/"},
		{"<13>Jan  1 00:00:01 a b[7]: x\r\n\x00", "time=2026-12-31T22:00:01.000000Z&facility=user&severity=notice&host=a&app=b&procid=7&comment=x"},
	} {
		at := now
		if strings.Contains(test.packet, "Jan  1") {
			at = time.Date(2026, 12, 31, 23, 59, 59, 0, zone)
		}
		m, err := Parse([]byte(test.packet), at)
		if err != nil {
			t.Errorf("%s: %v", test.packet, err)
			continue
		}
		var got []string
		for _, field := range m.Fields(sender, 0) {
			if field.Key != "text" {
				got = append(got, field.Key+"="+field.Value)
			}
		}
		if got := strings.Join(got, "&"); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.packet, got, test.want)
		}
	}
	for _, packet := range []string{"", "\n", "<13>", "<13>1 - - - - - -"} {
		if m, err := Parse([]byte(packet), now); err == nil {
			t.Errorf("%q: %+v", packet, m)
		}
	}
}

func TestLeapDay(t *testing.T) {
	m, err := Parse([]byte("<13>Feb 29 12:00:00 a b: x"), time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil || !m.Time.Equal(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("%v, %v", m.Time, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range recorded(f) {
		f.Add(s.raw())
	}
	f.Add([]byte("<34>Oct 11 22:14:15 mymachine su[1]: x"))
	f.Add([]byte(`<165>1 - - - - - [a@1 b="\"c" d="]`))
	f.Add([]byte("<1>1 - - - - - [x][y z=\"" + strings.Repeat("\xff", 20_000) + "\"] \xff"))
	f.Fuzz(func(t *testing.T, packet []byte) {
		m, err := Parse(packet, now)
		if err != nil {
			if _, ok := err.(*ircbus.Refusal); !ok {
				t.Errorf("%T", err)
			}
			return
		}
		if _, err := ircbus.Accept(m.Fields(sender, 0), 0); err != nil {
			t.Errorf("%q: %v", packet, err)
		}
	})
}
