package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// world is one bus with its publishers and readers, and what happens to it.
type world struct {
	*bus
	ledger *ledger
	rnd    *rand.Rand
	dir    string
	disk   *disk // nil if only processes are killed
	detach func() error

	publishing, reading       context.Context
	stopPublishing, stopReads context.CancelFunc
	publishers, readers       sync.WaitGroup
	follower, spooler         program
	streams                   []*reader // which get everything
	all                       []*reader
	silent                    map[string]string // by what their marks begin with, doors that acknowledge nothing
	spooling                  *publisher
	staff                     staff
}

// newWorld makes a bus with an account, that does not run yet.
func newWorld(program, dir string, seed uint64, d *disk) (w *world, err error) {
	w = &world{ledger: newLedger(), silent: make(map[string]string), rnd: rand.New(rand.NewPCG(seed, 1)), dir: dir, disk: d}
	w.publishing, w.stopPublishing = context.WithCancel(context.Background())
	w.reading, w.stopReads = context.WithCancel(context.Background())
	data := filepath.Join(dir, "data")
	if w.bus, err = newBus(program, dir, data); err != nil {
		return nil, err
	}
	if d != nil {
		if w.detach, err = mount(d, data); err != nil {
			return nil, err
		}
	}
	return w, w.accounts()
}

// populate lets publishers and readers begin.
func (w *world) populate() {
	for _, d := range doors {
		p := w.publisher(d.name)
		if !d.answers {
			w.silent[fmt.Sprintf("F%dx", p.number)] = d.name
		}
		w.publishers.Go(func() { p.run(d) })
	}
	for name, follow := range map[string]func(*reader) error{"the stream": followStream, "IRC": followIRC("plain"), "IRC over TLS": followIRC("TLS"), "IRC over WebSocket": followIRC("WebSocket")} {
		r := w.reader(name)
		if name == "the stream" {
			w.streams = append(w.streams, r)
		}
		w.readers.Go(func() { r.run(follow) })
	}
	w.staff.bus, w.staff.ctx = w.bus, w.publishing
	w.publishers.Go(w.staff.addAccounts)
	w.publishers.Go(w.staff.ban)
	if w.disk == nil {
		r := w.reader("ircbus follow")
		w.streams = append(w.streams, r)
		w.readers.Go(func() { w.follower.follow(r) })
		w.spooling = w.publisher("ircbus publish")
		w.publishers.Go(func() { w.spooler.spool(w.spooling) })
	}
}

func (w *world) publisher(name string) *publisher {
	n := publishers.Add(1)
	return &publisher{door: name, number: n, bus: w.bus, ledger: w.ledger, rnd: rand.New(rand.NewPCG(w.rnd.Uint64(), n)), ctx: w.publishing}
}

func (w *world) reader(name string) *reader {
	r := &reader{name: name, bus: w.bus, ledger: w.ledger, ctx: w.reading}
	w.all = append(w.all, r)
	return r
}

// restart starts the bus and holds its log against what was told.
func (w *world) restart() error {
	if err := w.start(); err != nil {
		return err
	}
	return w.judge(w.verify(w.ledger))
}

// judge adds what the ledger found to an error.
func (w *world) judge(err error) error {
	if wrong := w.ledger.complaints(); wrong != "" {
		err = errors.Join(err, errors.New(wrong))
	}
	return err
}

// killOnce kills the bus, or a program, at some moment.
func (w *world) killOnce() error {
	if w.rnd.IntN(4) == 0 {
		pause(w.rnd, time.Second)
		w.follower.kill()
		w.spooler.kill()
		return w.judge(nil)
	}
	pause(w.rnd, 1500*time.Millisecond)
	w.kill()
	if w.rnd.IntN(5) == 0 { // while it starts
		if _, err := w.launch(); err != nil {
			return err
		}
		pause(w.rnd, 60*time.Millisecond)
		w.kill()
	}
	if err := errors.Join(w.checkFiles(5), w.staff.check()); err != nil {
		return err
	}
	return w.restart()
}

// cutOnce cuts the power at some moment; what was not synced is lost.
func (w *world) cutOnce() error {
	pause(w.rnd, []time.Duration{50 * time.Millisecond, 1500 * time.Millisecond}[w.rnd.IntN(2)])
	left := w.disk.cut(w.rnd)
	w.kill()
	if err := w.remount(left); err != nil {
		return err
	}
	if err := errors.Join(w.checkFiles(5), w.staff.check()); err != nil {
		return err
	}
	return w.restart()
}

// remount puts what is left in the place of the old file system.
func (w *world) remount(left *disk) (err error) {
	w.staff.running.Lock() // a command would make a data directory of its own meanwhile
	defer w.staff.running.Unlock()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if err = w.detach(); err == nil || time.Now().After(deadline) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("unmounting: %w", err)
	}
	w.disk = left
	w.detach, err = mount(left, w.data)
	return err
}

// checkFiles runs `ircbus check` once in so many times.
func (w *world) checkFiles(times int) error {
	if w.rnd.IntN(times) > 0 {
		return nil
	}
	_, err := w.run("check")
	return err
}

// settle ends the publishers once something has been published, on a busy machine
// too, and waits until the readers have everything.
func (w *world) settle() error {
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if ids, err := w.feed(); err != nil {
			return err
		} else if len(ids) > 0 {
			break
		} else if time.Now().After(deadline) {
			return errors.New("nothing was published")
		}
	}
	w.stopPublishing()
	w.spooler.kill()
	w.publishers.Wait()
	if err := w.spooled(); err != nil {
		return err
	}
	if err := w.judge(w.verify(w.ledger)); err != nil {
		return err
	}
	for _, e := range w.ledger.log {
		before, _, _ := strings.Cut(e.mark, "x")
		if door := w.silent[before+"x"]; door != "" {
			through.add(door, 1)
		}
	}
	feed, err := w.feed()
	if err != nil {
		return err
	}
	for _, r := range w.streams {
		for deadline := time.Now().Add(patience); r.last() < feed[len(feed)-1]; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				return fmt.Errorf("%s has come to %d of %d", r.name, r.last(), feed[len(feed)-1])
			}
		}
	}
	w.stopReads()
	w.readers.Wait()
	// Requests that were given up may have been stored meanwhile.
	if feed, err = w.feed(); err != nil {
		return err
	}
	for _, r := range w.all {
		r.check(feed)
	}
	for _, r := range w.streams {
		if len(r.ids) > len(feed) || !slices.Equal(r.ids, feed[:len(r.ids)]) {
			w.ledger.fault("%s got %d events of %d, and not the first", r.name, len(r.ids), len(feed))
		}
	}
	return w.judge(nil)
}

// feed is the ids of what wiki has published.
func (w *world) feed() (ids []uint64, err error) {
	log, _, err := w.log("&channel=wiki")
	for _, e := range log {
		ids = append(ids, e.id)
	}
	return ids, err
}

// spooled waits until what the spool has taken is stored.
func (w *world) spooled() error {
	if w.spooling == nil || len(w.spooling.spooled) == 0 {
		return nil
	}
	last := w.spooling.next()
	secret := filepath.Join(w.dir, "token")
	if _, err := w.run("publish", "--server", "irc://"+w.irc, "--account", "wiki", "--password-file", secret, "--spool", filepath.Join(w.dir, "spool"), "page="+last, "key="+last); err != nil {
		return err
	}
	for _, mark := range append(w.spooling.spooled, last) {
		w.spooling.acknowledge(mark, 0)
	}
	return nil
}

// destroy ends everything; the directory stays if something was wrong.
func (w *world) destroy(keep bool) {
	w.stopPublishing()
	w.stopReads()
	w.spooler.kill()
	w.kill()
	w.publishers.Wait()
	w.readers.Wait()
	if w.detach != nil {
		w.detach()
	}
	if !keep {
		os.RemoveAll(w.dir)
	}
}
