package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/cmd/ircbus/bus"
)

// demoCmd runs a bus on which recorded changes of real wikis arrive.
type demoCmd struct {
	IRC  string        `help:"Address for IRC; port 0 takes a free one." name:"irc" default:"127.0.0.1:6667" placeholder:"HOST:PORT"`
	HTTP string        `help:"Address for HTTP; port 0 takes a free one." name:"http" default:"127.0.0.1:8667" placeholder:"HOST:PORT"`
	Pace time.Duration `help:"Average time between two changes." default:"2.5s"`
}

// demoHistory is how many changes are there before anybody looks.
const demoHistory = 60

// demoReplay is how many lines a packed channel shows to those who join; the readable
// ones have it by default.
const demoReplay = 10

// Run runs the demo until a signal ends it.
func (c *demoCmd) Run(g *globals) (err error) {
	if c.Pace <= 0 {
		return usagef("--pace must be more than nothing, as in --pace 2s")
	}
	dir, remove, err := demoData(g)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	config := bus.Default()
	config.Data, config.IRC, config.HTTP = dir, bus.Addresses(c.IRC), bus.Addresses(c.HTTP)
	config.Network, config.Version, config.Log = "ircbus-demo", version(), g.log
	config.Replay.Packed = demoReplay // people look at the packed channels, too
	config.MOTD = []string{
		"Recorded changes of five Wikipedias arrive here, as if they happened now.",
		"Read them with /join #enwiki.text, programs read #enwiki.",
	}
	if err := checkConfig(new(globals), config, nil, map[string]string{"irc": "--irc", "http": "--http"}); err != nil {
		return err
	}
	hangup, stop := hangups()
	defer stop()
	b, err := bus.Start(g.ctx, config)
	if err != nil {
		return startError(g, err)
	}
	return c.play(g, b, hangup)
}

// play replays the changes beside the running bus and ends with it.
func (c *demoCmd) play(g *globals, b *bus.Bus, hangup <-chan os.Signal) error {
	wikis, err := newReplay(g.ctx, b)
	if err == nil {
		err = wikis.publish(g.ctx, demoHistory)
	}
	if err != nil {
		return errors.Join(err, b.Stop(context.WithoutCancel(g.ctx)))
	}
	greetDemo(g.stderr, b, g.Data)
	ctx, stop := context.WithCancel(g.ctx)
	played := make(chan struct{})
	go func() {
		defer close(played)
		for wait(ctx, c.Pace*time.Duration(40+rand.IntN(120))/100) {
			if err := wikis.publish(ctx, 1); err != nil && ctx.Err() == nil {
				g.log.Error("a recorded change could not be published", "err", err)
			}
		}
	}()
	err = attend(g, b, &manager{log: g.log}, hangup, nil, func(*globals) (bus.Config, error) {
		return bus.Config{}, errors.New("the demo has no configuration")
	})
	stop()
	<-played
	return err
}

// wait returns true after the time and false when ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// demoData is the directory of --data, or a temporary one that remove removes.
// IRCBUS_DATA does not count: recorded changes must not get into a real bus.
func demoData(g *globals) (dir string, remove func() error, err error) {
	if g.Data != "" && g.Data != os.Getenv("IRCBUS_DATA") {
		return g.Data, func() error { return nil }, nil
	}
	g.Data = ""
	dir, err = os.MkdirTemp("", "ircbus-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("no temporary directory can be made (%w): give one with --data", err)
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}

// replay publishes recorded changes, round and round.
type replay struct {
	bus      *bus.Bus
	channels map[string]string // by publisher
	changes  []change
	next     int
}

// newReplay makes the recorded wikis publishers of the bus.
func newReplay(ctx context.Context, b *bus.Bus) (*replay, error) {
	changes, err := recorded()
	if err != nil {
		return nil, err
	}
	r := &replay{bus: b, channels: map[string]string{}, changes: changes}
	for _, wiki := range demoWikis {
		name, channel, err := b.Ensure(ctx, wiki.describe())
		if err != nil {
			return nil, err
		}
		r.channels[name] = channel
	}
	return r, nil
}

// publish publishes the next n changes.
func (r *replay) publish(ctx context.Context, n int) error {
	batch := make([]ircbus.Event, n)
	for i := range batch {
		c := r.changes[r.next%len(r.changes)]
		r.next++
		fields, err := ircbus.Accept(c.fields, 0)
		if err != nil {
			return err
		}
		batch[i] = ircbus.Event{Channel: r.channels[c.publisher], Publisher: c.publisher, Fields: fields}
	}
	_, err := r.bus.Append(ctx, batch)
	return err
}

// greetDemo says exactly what to type.
func greetDemo(w io.Writer, b *bus.Bus, data string) {
	fmt.Fprintf(w, "\nA bus on which recorded changes of five Wikipedias arrive, one every few seconds.\n\n")
	if url := b.URL(); url != "" {
		fmt.Fprintf(w, "  in a browser   %s/\n", url)
	}
	if host, port, err := net.SplitHostPort(b.IRCAddr()); err == nil {
		fmt.Fprintf(w, "  with irssi     irssi -c %s -p %s\n                 and there: /join #enwiki.text (or #hewiki.text, #dewiki.text, #ruwiki.text, #zhwiki.text)\n", host, port)
	}
	if url := b.URL(); url != "" {
		fmt.Fprintf(w, "  with curl      curl -N '%[1]s/stream?channel=enwiki'\n                 curl '%[1]s/changes?from=-1h&format=json'\n", url)
		fmt.Fprintf(w, "  with ircbus    ircbus follow '#enwiki?user=!*bot' --server %s\n", url)
	}
	if data == "" {
		fmt.Fprint(w, "\nCtrl-C ends it, and nothing stays behind.\n\n")
	} else {
		fmt.Fprintf(w, "\nCtrl-C ends it; the events stay in %s.\n\n", data)
	}
	fmt.Fprintln(w, "ready")
}
