package publisher_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher"
)

// TestRestartWithoutSpool publishes one event after the other while the bus is
// stopped and started: each Publish returns with an id, in order.
func TestRestartWithoutSpool(t *testing.T) {
	b := newBus(t)
	c := b.dial()
	published := make(chan int)
	go func() {
		defer close(published)
		for i, name := range pages(0, 90) {
			if r, err := c.Publish(soon(t), page(name)); err != nil || r.ID == 0 {
				t.Errorf("Publish = %+v, %v", r, err)
				return
			}
			published <- i
		}
	}()
	for i := range published {
		if i%30 == 29 {
			b.stop()
			b.start()
		}
	}
	b.storedPages(pages(0, 90))
}

// TestRestartUnderWay stops the bus while hundreds of events are under way.
func TestRestartUnderWay(t *testing.T) {
	for name, spool := range map[string]string{"without spool": "", "with spool": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			b := newBus(t)
			c := b.dial(spooling(spool))
			const n = 1500
			sent := make(chan *publisher.Pending, n)
			go func() {
				defer close(sent)
				for _, name := range pages(0, n) {
					p, err := c.Submit(soon(t), "#wiki", page(name))
					if err != nil {
						t.Error(err)
						return
					}
					sent <- p
				}
			}()
			i := 0
			for p := range sent {
				if r, err := p.Wait(soon(t)); err != nil || r.ID == 0 && spool == "" {
					t.Fatalf("Wait = %+v, %v", r, err)
				}
				if i++; i == 300 || i == 900 {
					b.stop()
					b.start()
				}
			}
			if err := c.Flush(soon(t)); err != nil {
				t.Fatal(err)
			}
			b.storedPages(pages(0, n))
		})
	}
}

func TestSpoolWhileAway(t *testing.T) {
	b := newBus(t)
	dir := t.TempDir()
	c := b.dial(spooling(dir))
	if r := publish(t, c, "page0"); r.ID == 0 {
		t.Error("no id though the bus is there")
	}
	b.stop()
	for _, name := range pages(1, 50) {
		if r := publish(t, c, name); r.ID != 0 && name != "page1" {
			t.Errorf("%s has id %d though the bus is away", name, r.ID)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Flush(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Flush with the bus away: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}

	c = b.dial(spooling(dir)) // without the bus: the spool is enough
	if c.Trouble() == nil || c.Spooled() != 49 {
		t.Errorf("trouble %v, %d spooled, want 49", c.Trouble(), c.Spooled())
	}
	publish(t, c, "page50")
	b.start()
	if err := c.Flush(soon(t)); err != nil {
		t.Fatal(err)
	}
	if r := publish(t, c, "page51"); r.ID == 0 || c.Spooled() != 0 {
		t.Errorf("after the spool was drained: %+v, %d spooled", r, c.Spooled())
	}
	b.storedPages(pages(0, 52))
}

func TestSpooledEventIsRefused(t *testing.T) {
	b := newBus(t)
	dir := t.TempDir()
	b.stop()
	c := b.dial(spooling(dir))
	publish(t, c, "page0")
	if _, err := c.PublishTo(soon(t), "#other", page("foreign")); err != nil {
		t.Fatal(err)
	}
	publish(t, c, "page1")
	b.start()
	if err := c.Flush(soon(t)); err != nil {
		t.Fatal(err)
	}
	refused, err := os.ReadFile(filepath.Join(dir, "refused"))
	if err != nil || !strings.Contains(string(refused), string(ircbus.NotPublisher)+": ") || !strings.Contains(string(refused), "\n#other page=foreign&") {
		t.Errorf("refused holds %q, %v", refused, err)
	}
	b.storedPages(pages(0, 2))
}

func TestSpoolFullWhileAway(t *testing.T) {
	b := newBus(t)
	b.stop()
	c := b.dial(spooling(t.TempDir()), func(o *publisher.Options) { o.SpoolLimit = 200 })
	publish(t, c, "page0")
	publish(t, c, "page1")
	if _, err := c.Publish(soon(t), page("page2")); !errors.Is(err, publisher.ErrSpoolFull) {
		t.Errorf("third event: %v, want ErrSpoolFull", err)
	}
	b.start()
	if err := c.Flush(soon(t)); err != nil {
		t.Fatal(err)
	}
	publish(t, c, "page2")
	b.storedPages(pages(0, 3))
}

// crashEnv makes the test binary a publisher that is going to be killed.
const crashEnv = "IRCBUS_TEST_CRASH"

func TestMain(m *testing.M) {
	if args := os.Getenv(crashEnv); args != "" {
		publishUntilKilled(strings.Fields(args))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// publishUntilKilled prints a line for each Publish that has returned.
func publishUntilKilled(args []string) {
	c, err := publisher.Dial(context.Background(), publisher.Options{Addr: args[0], Account: "wiki", Secret: password, Spool: args[1]})
	for i := 0; err == nil; i++ {
		if _, err = c.Publish(context.Background(), page(fmt.Sprint("page", i))); err == nil {
			fmt.Println(i)
		}
	}
	fmt.Fprintln(os.Stderr, err)
}

// TestKilled kills a publishing process, first with the bus there, then away:
// what its Publish had returned for is stored once, in order.
func TestKilled(t *testing.T) {
	for _, away := range []bool{false, true} {
		t.Run(fmt.Sprintf("bus away %v", away), func(t *testing.T) {
			b := newBus(t)
			dir := t.TempDir()
			cmd := exec.CommandContext(soon(t), os.Args[0])
			cmd.Env = append(os.Environ(), crashEnv+"="+string(b.config.IRC)+" "+dir)
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			returned := 0
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if returned++; returned == 100 && away {
					b.stop()
				}
				if returned == 300 {
					cmd.Process.Kill()
				}
			}
			cmd.Wait()
			if returned < 300 {
				t.Fatalf("the publisher ended by itself after %d events", returned)
			}
			if away {
				b.start()
			}
			c := b.dial(spooling(dir))
			if err := c.Flush(soon(t)); err != nil {
				t.Fatal(err)
			}
			n := len(b.stored())
			if n < returned || n > returned+1 {
				t.Errorf("%d events stored, Publish had returned for %d", n, returned)
			}
			b.storedPages(pages(0, n))
		})
	}
}
