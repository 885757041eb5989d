package bus

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// scribeVar tells the test program, in its environment, to be a scribe: the
// address of the bus.
const scribeVar = "IRCBUS_TEST_SCRIBE"

// scribe is an author in a process of its own, which shares no processor of Go's
// with the bus.
type scribe struct {
	t       testing.TB
	orders  io.Writer
	answers *bufio.Reader
	n       int // events so far
}

func newScribe(t testing.TB, b *Bus) *scribe {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), scribeVar+"="+b.IRCAddr())
	cmd.Stderr = os.Stderr
	orders, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		orders.Close()
		cmd.Wait()
	})
	return &scribe{t: t, orders: orders, answers: bufio.NewReader(answers)}
}

// publish publishes n events, one after the other, and returns how long each
// acknowledgement took.
func (s *scribe) publish(n int) []time.Duration {
	fmt.Fprintln(s.orders, n)
	times := make([]time.Duration, n)
	for i := range times {
		if _, err := fmt.Fscanln(s.answers, &times[i]); err != nil {
			s.t.Fatal(err)
		}
	}
	s.n += n
	return times
}

// write is what the scribe's process does until it gets no more orders.
func write(address string) {
	a := authorAt(lone{}, address)
	for {
		var n int
		if _, err := fmt.Scanln(&n); err != nil {
			return
		}
		for range n {
			fmt.Println(int64(a.publish()))
		}
	}
}

// lone stands for the test in a process that is none.
type lone struct{ testing.TB }

func (lone) Cleanup(func()) {}

func (lone) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}

func (a lone) Fatalf(format string, args ...any) { a.Fatal(fmt.Sprintf(format, args...)) }
