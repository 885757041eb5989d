package ircd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// crowd is a server with members over loopback that throw away what they read.
type crowd struct {
	*Server
	b       *testing.B
	readers sync.WaitGroup
	read    atomic.Int64 // bytes
}

// newCrowd lets members join, each the channel that join says.
func newCrowd(b *testing.B, members int, join func(i int) string) *crowd {
	s, err := New(Config{Name: "irc.test", Log: slog.New(slog.DiscardHandler),
		Limits: Limits{Behind: 256 << 20},
		Append: func(context.Context, []ircbus.Event) ([]ircbus.Receipt, error) { return nil, errors.New("not here") }})
	if err != nil {
		b.Fatal(err)
	}
	s.SetPublishers([]Publisher{wiki("moin")})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go s.Serve(l)
	c := &crowd{Server: s, b: b}
	bus := &bus{Server: s, t: b, addr: l.Addr().String()}
	for i := range members {
		u := bus.user(fmt.Sprint("m", i))
		u.send("JOIN " + join(i))
		u.fence()
		u.nc.SetReadDeadline(time.Time{})
		c.readers.Go(func() {
			n, _ := io.Copy(io.Discard, u.nc)
			c.read.Add(n)
		})
	}
	return c
}

// end waits until all is written and read, and checks that something was.
func (c *crowd) end() {
	c.b.Helper()
	flushed(c.Server, "#moin")
	c.b.ReportMetric(float64(c.Stats().Deliveries)/c.b.Elapsed().Seconds(), "deliveries/s")
	if err := c.Shutdown(context.Background(), "done"); err != nil {
		c.b.Fatal(err)
	}
	c.readers.Wait()
	if perLine := float64(c.read.Load()) / float64(c.Stats().Deliveries); perLine < 100 {
		c.b.Errorf("only %.0f bytes were read for each delivery", perLine)
	}
}

// flushed waits until every member has written everything.
func flushed(s *Server, channel lcChan) {
	for {
		behind := false
		s.mu.Lock()
		for _, v := range s.feeds[channel].views {
			for _, st := range v.streams {
				st.mu.Lock()
				for _, m := range st.members {
					behind = behind || m.pos.Load() < st.end.Load()
				}
				st.mu.Unlock()
			}
		}
		s.mu.Unlock()
		if !behind {
			return
		}
		<-time.After(100 * time.Microsecond)
	}
}

func ordinary() ircbus.Event {
	return event(1, "#moin", "page", "Some/Page", "action", "SAVE", "user", "Somebody", "comment", "as comments go, quite ordinary")
}

// BenchmarkDeliver measures deliveries to 1,000 members over loopback.
func BenchmarkDeliver(b *testing.B) {
	c := newCrowd(b, 1000, func(int) string { return "#moin" })
	e := ordinary()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e.ID = ircbus.ID(i + 1)
		c.Deliver([]ircbus.Event{e})
	}
	c.end()
}

// BenchmarkDeliverViews measures what one event costs the delivery when there
// are 1,000 filtered views, of which one matches, or all. What their writers
// do is not counted.
func BenchmarkDeliverViews(b *testing.B) {
	for name, filter := range map[string]string{"one": "#moin?page=Page%d&user=some*", "all": "#moin?user=!Nobody%d"} {
		b.Run(name, func(b *testing.B) {
			c := newCrowd(b, 1000, func(i int) string { return fmt.Sprintf(filter, i) })
			e := ordinary()
			e.Fields[0].Value = "Page77"
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				e.ID = ircbus.ID(i + 1)
				c.Deliver([]ircbus.Event{e})
				b.StopTimer()
				flushed(c.Server, "#moin")
				b.StartTimer()
			}
			c.end()
		})
	}
}
