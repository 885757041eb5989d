package ircbus_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

func ExamplePack() {
	event := ircbus.Fields{{"page", "FrontPage"}, {"comment", strings.Repeat("long ", 40)}}
	var joiner ircbus.Joiner
	for _, line := range ircbus.Pack(123, event, 160) {
		fmt.Println(line[:40])
		packed, err := ircbus.ParsePacked(line)
		if err != nil {
			fmt.Println(err)
		}
		if fields, done, _ := joiner.Add(packed); done {
			fmt.Println(packed.ID, fields.Get("page"), len(fields.Get("comment")))
		}
	}
	// Output:
	// id=123&part=1/2&page=FrontPage&comment=l
	// id=123&part=2/2&comment~=ong+long+long+l
	// 123 FrontPage 200
}

func join(t *testing.T, lines []string) (ircbus.Packed, ircbus.Fields) {
	t.Helper()
	var j ircbus.Joiner
	j.MaxBody = 1 << 20
	for i, line := range lines {
		p, err := ircbus.ParsePacked(line)
		if err != nil {
			t.Fatalf("part %d, %q: %v", i+1, line, err)
		}
		fields, done, err := j.Add(p)
		if err != nil {
			t.Fatalf("part %d, %q: %v", i+1, line, err)
		}
		if done != (i == len(lines)-1) || done == j.Pending() {
			t.Fatalf("part %d of %d: done is %v, pending is %v", i+1, len(lines), done, j.Pending())
		}
		if done {
			return p, fields
		}
	}
	t.Fatal("no lines")
	return ircbus.Packed{}, nil
}

func checkLines(t *testing.T, lines []string, max int) {
	t.Helper()
	for _, line := range lines {
		if len(line) > max {
			t.Errorf("%d bytes, limit %d: %q", len(line), max, line)
		}
		if !utf8.ValidString(line) {
			t.Errorf("a character is cut: %q", line)
		}
	}
}

func TestPackLong(t *testing.T) {
	event := ircbus.Fields{
		{"wiki", "MoinMaster"}, {"page", strings.Repeat("פ", 255)}, {"action", "SAVE"}, {"empty", ""},
		{"comment", strings.Repeat("漢😀 &", 500)}, {"tag", "a"}, {"tag", strings.Repeat("\r\n", 300)}, {"tag", "c"},
		{strings.Repeat("k", 64), "x"},
	}
	for max := ircbus.MinPart; max < 1000; max += 7 {
		lines := ircbus.Pack(1<<64-1, event, max)
		checkLines(t, lines, max)
		p, got := join(t, lines)
		if p.ID != 1<<64-1 || !cmp.Equal(event, got) {
			t.Errorf("max %d: %s", max, cmp.Diff(event, got))
		}
		if !strings.HasPrefix(lines[0], "id=18446744073709551615&part=1/"+fmt.Sprint(len(lines))+"&wiki=MoinMaster&page=פ") {
			t.Errorf("max %d: the first part is %q", max, lines[0])
		}
	}
}

func TestPackKeyed(t *testing.T) {
	event := ircbus.Fields{{"key", "k1"}, {"comment", strings.Repeat("x", 1000)}, {"page", "P"}}
	lines, err := ircbus.PackKeyed(event, 400)
	if err != nil {
		t.Fatal(err)
	}
	checkLines(t, lines, 400)
	if !strings.HasPrefix(lines[1], "key=k1&part=2/3&comment~=xxx") {
		t.Errorf("the second part is %q", lines[1])
	}
	p, got := join(t, lines)
	if p.ID != 0 || !cmp.Equal(event.Canonical(), got) {
		t.Errorf("got %q", got)
	}
	if _, err := ircbus.PackKeyed(event[1:], 400); err == nil {
		t.Error("parts without a key")
	}
	if lines, err := ircbus.PackKeyed(ircbus.Fields{{"a", "1"}}, 400); err != nil || lines[0] != "a=1" {
		t.Errorf("short: %q, %v", lines, err)
	}
}

func TestJoinerErrors(t *testing.T) {
	add := func(j *ircbus.Joiner, line string) (ircbus.Fields, bool, error) {
		t.Helper()
		p, err := ircbus.ParsePacked(line)
		if err != nil {
			t.Fatal(err)
		}
		return j.Add(p)
	}
	var j ircbus.Joiner
	for _, line := range []string{"id=1&part=2/2&a=1", "part=1/2&a=1", "id=2&part=1/1&a~=x", "part=2/2&a=1&key=x"} {
		if f, done, err := add(&j, line); err == nil || done || j.Pending() {
			t.Errorf("%q: got %q, %v, %v", line, f, done, err)
		}
	}
	// A part that is missing costs its own event, not the next one.
	add(&j, "id=3&part=1/3&a=1")
	if f, done, err := add(&j, "id=4&a=2"); !done || f.Get("a") != "2" || err == nil {
		t.Errorf("whole after missing: %q, %v, %v", f, done, err)
	}
	add(&j, "id=5&part=1/3&a=1")
	if _, done, err := add(&j, "id=6&part=1/2&a=3"); done || err == nil {
		t.Errorf("first part after missing: %v, %v", done, err)
	}
	if f, done, err := add(&j, "id=6&part=2/2&a~=4"); !done || f.Get("a") != "34" || err != nil {
		t.Errorf("second part: %q, %v, %v", f, done, err)
	}
	add(&j, "key=k&part=1/2&a=1")
	if _, done, err := add(&j, "key=other&part=2/2&a~=1"); done || err == nil {
		t.Errorf("another key: %v, %v", done, err)
	}
	j.MaxBody = 100
	add(&j, "id=7&part=1/3&a="+strings.Repeat("x", 90))
	_, _, err := add(&j, "id=7&part=2/3&a~="+strings.Repeat("x", 90))
	if refusal := (*ircbus.Refusal)(nil); !errors.As(err, &refusal) || refusal.Code != ircbus.EventTooLarge {
		t.Errorf("too large: %v", err)
	}
}

func TestParsePackedErrors(t *testing.T) {
	for _, line := range []string{
		"id=0&a=1", "id=x", "id=", "id=1&id=2", "part=0/1&a=1", "part=2/1", "part=1", "part=1/2&part=1/2", "part=1/99999", "a~=1", "part=-1/2", "part=+1/2&a",
	} {
		if p, err := ircbus.ParsePacked(line); err == nil {
			t.Errorf("%q: %+v", line, p)
		}
	}
}

// FuzzPack holds that any event's parts join to the same event and that none is
// too long or cuts a character, in both directions of a line.
func FuzzPack(f *testing.F) {
	f.Add(uint64(1), 160, "page", "פתיחה", "comment", strings.Repeat("漢&", 200), "key", "k")
	f.Add(uint64(1<<63), 300, "a", strings.Repeat("\xff\n", 500), "a", "", "b", strings.Repeat(" ", 3000))
	f.Fuzz(func(t *testing.T, id uint64, max int, k1, v1, k2, v2, k3, v3 string) {
		max = ircbus.MinPart + (max&0x7fff)%1000
		fields, err := ircbus.Accept(ircbus.Fields{{k1, v1}, {k2, v2}, {k3, v3}}, 1<<20)
		if err != nil {
			return
		}
		lines := ircbus.Pack(ircbus.ID(id|1), fields, max)
		checkLines(t, lines, max)
		if p, got := join(t, lines); p.ID != ircbus.ID(id|1) || !cmp.Equal(fields, got) {
			t.Errorf("%q became %q", fields, got)
		}
		lines, err = ircbus.PackKeyed(fields, max)
		if err != nil {
			return
		}
		checkLines(t, lines, max)
		if _, got := join(t, lines); !cmp.Equal(fields, got) {
			t.Errorf("keyed: %q became %q", fields, got)
		}
	})
}

// FuzzJoiner feeds arbitrary lines: nothing panics, nothing grows beyond the limit.
func FuzzJoiner(f *testing.F) {
	f.Add("id=1&part=1/2&a=b\nid=1&part=2/2&a~=c\nid=2&x=y")
	f.Add("key=k&part=1/2&a=b\npart=2/2&key=k&b=\npart=1/1")
	f.Fuzz(func(t *testing.T, text string) {
		j := ircbus.Joiner{MaxBody: 200}
		for line := range strings.SplitSeq(text, "\n") {
			p, err := ircbus.ParsePacked(line)
			if err != nil {
				continue
			}
			whole := p.Part == 0
			fields, done, _ := j.Add(p)
			if size := len(fields.Encode()); done && !whole && size > 3*200+50 {
				t.Errorf("%d bytes were joined", size)
			}
		}
	})
}
