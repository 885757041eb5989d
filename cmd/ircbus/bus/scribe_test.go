package bus

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// scribeVar tells the test program, in its environment, to be a scribe: the
// address of the bus, and a directory of its own.
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
	cmd.Env = append(os.Environ(), scribeVar+"="+b.IRCAddr()+" "+t.TempDir())
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
	s.n += n
	return s.order(n, publishing)
}

// commit commits a row n times with the database alone, and returns how long each
// took.
func (s *scribe) commit(n int) []time.Duration { return s.order(n, committing) }

// What a scribe is ordered to do so many times.
const (
	publishing = "publish"
	committing = "commit"
)

func (s *scribe) order(n int, what string) []time.Duration {
	fmt.Fprintln(s.orders, n, what)
	times := make([]time.Duration, n)
	for i := range times {
		if _, err := fmt.Fscanln(s.answers, &times[i]); err != nil {
			s.t.Fatal(err)
		}
	}
	return times
}

// write is what the scribe's process does until it gets no more orders.
func write(task string) {
	address, dir, _ := strings.Cut(task, " ")
	a := authorAt(lone{dir: dir}, address)
	floor := sync.OnceValue(func() func() { return diskFloor(a.t) })
	for {
		var n int
		var what string
		if _, err := fmt.Scanln(&n, &what); err != nil {
			return
		}
		for range n {
			took := time.Duration(0)
			if what == publishing {
				took = a.publish()
			} else {
				commit := floor()
				began := time.Now()
				commit()
				took = time.Since(began)
			}
			fmt.Println(int64(took))
		}
	}
}

// lone stands for the test in a process that is none.
type lone struct {
	testing.TB
	dir string
}

func (lone) Cleanup(func()) {}

func (a lone) TempDir() string { return a.dir }

func (lone) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}

func (a lone) Fatalf(format string, args ...any) { a.Fatal(fmt.Sprintf(format, args...)) }
