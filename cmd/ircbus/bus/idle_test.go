package bus

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// aloneVar tells the test program, in its environment, to be a bus and nothing
// else: what the process takes is then what the bus takes. It is the data
// directory, and after how many nanoseconds to ping.
const aloneVar = "IRCBUS_TEST_ALONE"

// standAlone is a bus with 100 feeds, until its standard input ends. It tells its
// addresses, with and without TLS, on standard output.
func standAlone(task string) {
	c := Config{IRC: "127.0.0.1:0", IRCTLS: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))}
	var ping time.Duration
	fmt.Sscan(task, &c.Data, &ping)
	c.Cert, c.Key, c.Limits.Ping = c.Data+"/cert.pem", c.Data+"/key.pem", Age(ping)
	b, err := Start(context.Background(), c)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for i := range rooms {
		if _, _, err := b.Ensure(context.Background(), ircbus.Wiki{Publisher: fmt.Sprint("feed", i), Engine: "other"}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	fmt.Println(b.IRCAddr(), b.IRCTLSAddr())

	io.Copy(io.Discard, os.Stdin)
	b.Stop(context.Background())
}

// rooms is in how many channels the crowd is.
const rooms = 100

// alone is a bus in a process of its own.
type alone struct {
	b             *testing.B
	pid           int
	plain, secure string
}

func startAlone(b *testing.B, ping time.Duration) *alone {
	dir := b.TempDir()
	writeCertificate(b, dir+"/cert.pem", dir+"/key.pem", 1)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", aloneVar, dir, ping))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	a := &alone{b: b, pid: cmd.Process.Pid}
	if _, err := fmt.Fscan(bufio.NewReader(out), &a.plain, &a.secure); err != nil {
		b.Fatal(err)
	}
	return a
}

// memory is what the process has of the machine's memory, in bytes.
func (a *alone) memory() int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.pid))
	if err != nil {
		a.b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "\nVmRSS:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		a.b.Fatal(err)
	}
	return kilobytes << 10
}

// settled is its memory once that has not changed for some seconds.
func (a *alone) settled() int {
	least, since := a.memory(), time.Now()
	for time.Since(since) < 12*time.Second {
		<-time.After(time.Second)
		if now := a.memory(); now < least-least/100 {
			least, since = now, time.Now()
		}
	}
	return least
}

// processor is how much of a processor's time the process has had. The system
// counts in hundredths of a second.
func (a *alone) processor() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", a.pid))
	if err != nil {
		a.b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// storm connects n clients, which join one channel each and then only answer the
// server's PINGs. It returns when all have joined.
func storm(b *testing.B, n int, secure *tls.Config, address, channel string) {
	var joined sync.WaitGroup
	joined.Add(n)
	dialing := make(chan struct{}, 500) // the system has a queue of so many
	for i := range n {
		dialing <- struct{}{}
		go func() {
			conn, err := net.Dial("tcp", address)
			<-dialing
			if err != nil {
				b.Error(err)
				joined.Done()
				return
			}
			if secure != nil {
				conn = tls.Client(conn, secure)
			}
			var done atomic.Bool
			b.Cleanup(func() {
				done.Store(true)
				conn.Close()
			})
			fmt.Fprintf(conn, "NICK idle%d\r\nUSER idle 0 * :Somebody idle\r\nJOIN %s%d\r\n", i, channel, i%rooms)
			if last := idle(conn, sync.OnceFunc(joined.Done)); !done.Load() {
				b.Errorf("client %d is lost: %q", i, last)
			}
		}()
	}
	joined.Wait()
}

// idle answers PINGs until the connection ends, and returns its last line.
func idle(conn net.Conn, joined func()) (last string) {
	defer joined()
	lines := bufio.NewReaderSize(conn, 1024)
	for {
		line, err := lines.ReadString('\n')
		switch last = cmp.Or(line, last); {
		case err != nil:
			return last
		case strings.Contains(line, " 366 "):
			joined()
		case strings.HasPrefix(line, "PING "):
			io.WriteString(conn, "PONG"+line[4:])
		}
	}
}

// crowds are in which ways the clients come.
var crowds = []struct {
	name, channel string
	secure        *tls.Config
}{
	{"plain", "#room", nil},
	{"feeds", "#feed", nil},
	{"tls", "#room", &tls.Config{InsecureSkipVerify: true}},
}

// crowdSize is how many clients come.
const crowdSize = 10_000

// storm has the crowd come.
func (a *alone) storm(channel string, secure *tls.Config) {
	address := a.plain
	if secure != nil {
		address = a.secure
	}
	storm(a.b, crowdSize, secure, address, channel)
}

// BenchmarkStorm reports how long it takes until 10,000 clients that come at once
// have joined 100 channels, and the bus's part of that.
func BenchmarkStorm(b *testing.B) {
	for _, crowd := range crowds {
		b.Run(crowd.name, func(b *testing.B) {
			var took, processor time.Duration
			for b.Loop() {
				a := startAlone(b, 2*time.Minute)
				start, begun := time.Now(), a.processor()
				a.storm(crowd.channel, crowd.secure)
				took += time.Since(start)
				processor += a.processor() - begun
			}
			b.ReportMetric(took.Seconds()/float64(b.N), "s-joined")
			b.ReportMetric(processor.Seconds()/float64(b.N), "s-processor")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkIdle reports what of the bus's memory each of 10,000 clients in 100
// channels has, as soon as they have joined and once that is settled.
func BenchmarkIdle(b *testing.B) {
	for _, crowd := range crowds {
		b.Run(crowd.name, func(b *testing.B) {
			for b.Loop() {
				a := startAlone(b, 2*time.Minute)
				before := a.memory()
				a.storm(crowd.channel, crowd.secure)
				b.ReportMetric(float64(a.memory()-before)/crowdSize, "B/conn-at-once")
				b.ReportMetric(float64(a.settled()-before)/crowdSize, "B/conn")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkRest reports how much 10,000 clients take of a processor while nothing
// happens but a PING each in ten seconds, which is twelve times as often as by
// default.
func BenchmarkRest(b *testing.B) {
	for b.Loop() {
		a := startAlone(b, 10*time.Second)
		a.storm("#room", nil)
		<-time.After(10 * time.Second)
		start, begun := time.Now(), a.processor()
		<-time.After(20 * time.Second)
		b.ReportMetric(100*float64(a.processor()-begun)/float64(time.Since(start)), "%-processor")
	}
	b.ReportMetric(0, "ns/op")
}
