package load

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// crowdOf is a crowd whose members are fed by hand.
func crowdOf(plan Plan, views ...int) *shard {
	c := &Crowd{Options: Options{Mark: NewMark(), Plan: plan}, failed: make(chan struct{})}
	s := newShard(c, views)
	for i := range views {
		s.members = append(s.members, &member{shard: s, local: i, number: i, state: present})
	}
	return s
}

// line is a line of a publisher as a member gets it.
func (s *shard) line(publisher int, seq uint32) string {
	stamp := s.crowd.Mark.Append(nil, Stamp{publisher, seq, time.Millisecond})
	return fmt.Sprintf(":p!p@h PRIVMSG #c :some text %s\r\n", stamp)
}

// feed gives a member bytes in pieces of the given size.
func (s *shard) feed(text string, size int) {
	m := s.members[0]
	for len(text) > 0 {
		n := min(size, len(text))
		m.rest = append([]byte(nil), s.take(m, append(m.rest, text[:n]...), 2*time.Millisecond)...)
		text = text[n:]
	}
}

func TestFaultsAreFound(t *testing.T) {
	for _, test := range []struct {
		name string
		plan Plan
		seqs []uint32
		want Faults
		says string
	}{
		{"all", Plan{Publishers: 1}, []uint32{0, 1, 2, 3}, Faults{}, ""},
		{"lost", Plan{Publishers: 1}, []uint32{0, 3}, Faults{Missing: 2}, "got line 3 of publisher 0, when 1 was to come"},
		{"doubled", Plan{Publishers: 1}, []uint32{0, 1, 1, 2}, Faults{Doubled: 1}, "got line 1 of publisher 0, a second time"},
		{"out of order", Plan{Publishers: 1}, []uint32{0, 2, 1, 3}, Faults{Disordered: 1}, "got line 2 of publisher 0, when 1"},
		{"all that is not left out", Plan{Publishers: 1, Views: 3}, []uint32{1, 2, 4, 5, 7}, Faults{}, ""},
		{"one that is left out", Plan{Publishers: 1, Views: 3}, []uint32{1, 2, 3, 4}, Faults{Unwanted: 1}, "its filter leaves out"},
		{"one lost of a view", Plan{Publishers: 1, Views: 3}, []uint32{1, 2, 5}, Faults{Missing: 1}, "when 4"},
		{"a narrow view", Plan{Publishers: 1, Views: 3, Narrow: true}, []uint32{0, 3, 6}, Faults{}, ""},
		{"lost of a narrow view", Plan{Publishers: 1, Views: 3, Narrow: true}, []uint32{0, 6}, Faults{Missing: 1}, "when 3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := crowdOf(test.plan, 0)
			text := ""
			for _, seq := range test.seqs {
				text += s.line(0, seq)
			}
			s.feed(text, len(text))
			got := s.check.Faults
			if !strings.Contains(got.First, test.says) {
				t.Errorf("it says %q, want %q", got.First, test.says)
			}
			if got.First = ""; got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if (s.check.Err() == nil) != (test.want == Faults{}) {
				t.Errorf("the error is %v", s.check.Err())
			}
		})
	}
}

// TestOrderIsPerPublisher: the lines of several may mix in any way.
func TestOrderIsPerPublisher(t *testing.T) {
	s := crowdOf(Plan{Publishers: 2}, 0)
	text := s.line(1, 0) + s.line(1, 1) + ":x PING :y\r\n" + s.line(0, 0) + s.line(1, 2) + s.line(0, 1)
	for size := 1; size < 200; size += 7 {
		s.check = NewCheck(s.crowd.Plan, []int{0})
		s.members[0].wire = discard{}
		s.feed(text, size)
		if err := s.check.Err(); err != nil {
			t.Fatalf("in pieces of %d: %v", size, err)
		}
		if n := s.check.Lacking(0, []uint32{2, 4}); n != 1 {
			t.Errorf("in pieces of %d: %d are lacking, want 1", size, n)
		}
	}
	if s.check.slowest([]bool{true}) != 5 {
		t.Errorf("the slowest has %d", s.check.slowest([]bool{true}))
	}
}

type discard struct{}

func (discard) send([]byte) {}
func (discard) shut()       {}

// TestOtherRuns: lines with another mark are none of ours.
func TestOtherRuns(t *testing.T) {
	s := crowdOf(Plan{Publishers: 1}, 0)
	other := crowdOf(Plan{Publishers: 1}, 0)
	s.feed(other.line(0, 0)+s.line(0, 0)+other.line(0, 1), 1000)
	if s.lines.Load() != 1 || s.check.Err() != nil {
		t.Errorf("%d lines, %v", s.lines.Load(), s.check.Err())
	}
}

func TestStamp(t *testing.T) {
	mark := NewMark()
	for _, want := range []Stamp{{}, {999, 99_999_999, 9999 * time.Second}, {7, 12_345_678, 1_234_567_891}} {
		text := mark.Append([]byte("some text "), want)
		if got, ok := mark.Read(text); !ok || got != want || len(text) != 10+StampLen {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
	if _, ok := mark.Read([]byte("short")); ok {
		t.Error("a short line has a stamp")
	}
}

func FuzzTake(f *testing.F) {
	f.Add([]byte(":s 004 a b c\r\nPING x\r\n@a=b :s 366 n #c :e\n"), 5)
	f.Add([]byte("\n\r\n:\n@\n@ \n: :\nERROR\n:id=\n"), 3)
	f.Fuzz(func(t *testing.T, text []byte, size int) {
		s := crowdOf(Plan{Publishers: 1}, 0)
		s.crowd.Channels = func(int) []string { return []string{"#c"} }
		s.members[0].wire = discard{}
		s.members[0].slow = true
		s.feed(string(text), max(size, 1))
	})
}

// BenchmarkTake is what a line costs the load side, without the system calls.
func BenchmarkTake(b *testing.B) {
	s := crowdOf(Plan{Publishers: 1}, 0)
	s.mask = 3
	var text []byte
	for seq := range uint32(200) {
		text = append(text, ":p!p@h PRIVMSG #c :"+strings.Repeat("x", 250)...)
		text = s.crowd.Mark.Append(text, Stamp{0, seq, 0})
		text = append(text, '\r', '\n')
	}
	b.SetBytes(int64(len(text)) / 200)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%200 == 0 {
			s.check.next[0] = 0
			s.take(s.members[0], text, time.Millisecond)
		}
	}
	if err := s.check.Err(); err != nil {
		b.Fatal(err)
	}
}
