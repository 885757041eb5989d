package syslog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestFrames(t *testing.T) {
	long := "<13>" + strings.Repeat("x", 3*maxMessage)
	input := "<1>a\n\n\r\n12 <2>b\n<2>c\n d<3>e\n" + fmt.Sprintf("%d %s", len(long), long) + long + "\n5 <4>f"
	want := []string{"<1>a\n", "<2>b\n<2>c\n d", "<3>e\n", long[:maxMessage], long[:maxMessage+16], "<4>f"}
	for _, r := range []io.Reader{strings.NewReader(input), iotest.OneByteReader(strings.NewReader(input))} {
		f := newFrames(r)
		for i, want := range want {
			got, err := f.next()
			if string(got) != want {
				t.Errorf("message %d: %.40q, %v; want %.40q", i, got, err, want)
			}
			if last := i == 5; last != errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("message %d: %v", i, err)
			}
		}
		if got, err := f.next(); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %q, %v", got, err)
		}
	}
	f := newFrames(strings.NewReader("<1>the last line"))
	if got, err := f.next(); string(got) != "<1>the last line" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestReady(t *testing.T) {
	for input, want := range map[string]bool{"": false, "<1>a": false, "<1>a\n": true, "4 <1>a": true, "5 <1>a": false, "5 <1>a\n": true, "12": false, "\n\r\n": false, "\n<1>a\n": true, "\n4 <1>a": true} {
		f := newFrames(strings.NewReader(input))
		f.r.Peek(len(input))
		if got := f.ready(); got != want {
			t.Errorf("%q: %v", input, got)
		}
	}
}

// However the bytes are framed, all of them are read, in pieces of some size.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("<1>a\n5 <2>b\n"))
	f.Add([]byte("999999999 <1>"))
	f.Add([]byte("1 <\n0 <1>x\n9999999999 <1>"))
	f.Fuzz(func(t *testing.T, input []byte) {
		frames := newFrames(bytes.NewReader(input))
		for range len(input) + 1 {
			message, err := frames.next()
			if len(message) > maxMessage+16 {
				t.Fatalf("a message of %d bytes", len(message))
			}
			if err != nil {
				return
			}
		}
		t.Fatal("more messages than bytes")
	})
}

// TestCaseC10: messages end with NUL, LF or CR LF, or are counted, in any mixture, and
// none waits for what comes after it.
func TestCaseC10(t *testing.T) {
	for _, test := range []struct{ input, want string }{
		{"<13>a\x00<13>b\x00<13>c\x00", "<13>a|<13>b|<13>c"}, {"<13>a\n\x00<13>b\r\n<13>c\n", "<13>a|<13>b|<13>c"},
		{"6 <13>a\n<13>b\x00<13>c\n6 <13>d\x005 <13>e", "<13>a\n|<13>b|<13>c|<13>d\x00|<13>e"}, {"<13>no\rend\n7 years\n", "<13>no\rend|7 years"},
	} {
		out, in := io.Pipe()
		go func() {
			io.WriteString(in, test.input) // and nothing after it, not even its end
		}()
		f := newFrames(out)
		for _, want := range strings.Split(test.want, "|") {
			got, err := f.next()
			if err != nil || strings.TrimRight(string(got), "\r\n\x00") != strings.TrimRight(want, "\n\x00") {
				t.Errorf("%q: %q, %v; want %q", test.input, got, err, want)
			}
		}
		out.Close()
	}
}
