package main

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// A disk is a file system in memory that knows what would be left of it after a
// power cut: of a file what was synced, of a directory the entries that were there
// when it was synced, and of everything after that whatever happened to be written.
type disk struct {
	forgetful bool // the control: syncing the write-ahead log does nothing

	mu      sync.Mutex
	off     bool // the power is
	lastIno uint64
	root    *node
	journal []*change // of directories, not synced yet, in order
}

// node is a file or a directory.
type node struct {
	ino  uint64
	name string // at first
	dir  bool
	mode uint32

	data    []byte  // as programs see it
	synced  []byte  // as it was when it was synced
	pending []write // since then

	entries, syncedEntries map[string]*node
}

// write is a write that is not synced, or a truncation if there are no bytes.
type write struct {
	at    int64
	bytes []byte
}

// change is a change of one directory, or of two: names that came, and went.
type change struct {
	from, to         *node
	fromName, toName string
	moved            *node // nil: fromName was removed
	created          bool
}

func newDisk() *disk {
	d := &disk{}
	d.root = d.newNode("", true, 0o700)
	return d
}

func (d *disk) newNode(name string, dir bool, mode uint32) *node {
	d.lastIno++
	n := &node{ino: d.lastIno, name: name, dir: dir, mode: mode}
	if dir {
		n.entries, n.syncedEntries = make(map[string]*node), make(map[string]*node)
	}
	return n
}

// do runs an operation, unless the power is off.
func (d *disk) do(op func() syscall.Errno) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return syscall.EIO
	}
	return op()
}

func (n *node) write(b []byte, at int64) {
	w := write{at, slices.Clone(b)}
	n.pending = append(n.pending, w)
	n.data = w.apply(n.data)
}

func (n *node) truncate(size int64) {
	w := write{size, nil}
	n.pending = append(n.pending, w)
	n.data = w.apply(n.data)
}

func (w write) apply(data []byte) []byte {
	end := w.at + int64(len(w.bytes))
	if w.bytes == nil && end < int64(len(data)) {
		clear(data[end:]) // so that growing again finds zeros
		return data[:end]
	}
	if grow := end - int64(len(data)); grow > 0 {
		data = append(data, make([]byte, grow)...)
	}
	copy(data[w.at:], w.bytes)
	return data
}

// sync makes a file or a directory durable.
func (d *disk) sync(n *node) {
	if d.forgetful && strings.HasSuffix(n.name, "-wal") {
		return
	}
	for _, w := range n.pending {
		n.synced = w.apply(n.synced)
	}
	n.pending = nil
	if n.dir {
		n.syncedEntries = maps.Clone(n.entries)
		d.journal = slices.DeleteFunc(d.journal, func(c *change) bool { return c.from == n || c.to == n })
	}
}

// add, remove and move change directories.
func (d *disk) add(dir *node, name string, n *node) {
	d.commit(&change{to: dir, toName: name, moved: n, created: true})
}

func (d *disk) remove(dir *node, name string) { d.commit(&change{from: dir, fromName: name}) }

func (d *disk) move(from *node, name string, to *node, newName string) {
	d.commit(&change{from: from, fromName: name, to: to, toName: newName, moved: from.entries[name]})
}

func (d *disk) commit(c *change) {
	c.apply(func(n *node) map[string]*node { return n.entries })
	d.journal = append(d.journal, c)
}

func (c *change) apply(entries func(*node) map[string]*node) {
	if c.from != nil {
		delete(entries(c.from), c.fromName)
	}
	if c.to != nil {
		entries(c.to)[c.toName] = c.moved
	}
}

// cut turns the power off and returns what is left. Which of the unsynced writes
// and changes are on the disk, and which parts of them, is left to chance, in ways
// in which file systems differ.
func (d *disk) cut(rnd *rand.Rand) *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
	d.keepChanges(rnd)
	left := newDisk()
	left.forgetful = d.forgetful
	left.root = left.survivor(d.root, make(map[*node]*node), chance{rnd, rnd.IntN(4)})
	return left
}

// keepChanges makes some of the changes of directories durable: those up to a
// moment, as with a journal, or any.
func (d *disk) keepChanges(rnd *rand.Rand) {
	keep := len(d.journal)
	anyOrder := rnd.IntN(2) == 0
	if !anyOrder {
		keep = rnd.IntN(len(d.journal) + 1)
	}
	for _, c := range d.journal[:keep] {
		if !anyOrder || rnd.IntN(2) == 0 {
			c.apply(func(n *node) map[string]*node { return n.syncedEntries })
		}
	}
}

// survivor copies what is left of a node.
func (d *disk) survivor(n *node, known map[*node]*node, luck chance) *node {
	if known[n] != nil {
		return known[n]
	}
	left := d.newNode(n.name, n.dir, n.mode)
	known[n] = left
	for name, child := range n.syncedEntries {
		left.entries[name] = d.survivor(child, known, luck)
	}
	maps.Copy(left.syncedEntries, left.entries)
	if !n.dir {
		left.synced = luck.survives(n)
		left.data = slices.Clone(left.synced)
	}
	return left
}

// chance says what becomes of unsynced writes.
type chance struct {
	rnd *rand.Rand
	how int
}

func (l chance) survives(n *node) []byte {
	data := slices.Clone(n.synced)
	switch l.how {
	case 0: // nothing is written
		return data
	case 1: // what was written up to a moment
		for _, w := range n.pending[:l.rnd.IntN(len(n.pending)+1)] {
			data = w.apply(data)
		}
		return data
	case 2: // any pages
		return l.torn(n, data, 4096)
	default: // any sectors
		return l.torn(n, data, 512)
	}
}

// torn writes some parts of some writes.
func (l chance) torn(n *node, data []byte, size int64) []byte {
	for _, w := range n.pending {
		if w.bytes == nil {
			if l.rnd.IntN(2) == 0 {
				data = w.apply(data)
			}
			continue
		}
		for at := w.at; at < w.at+int64(len(w.bytes)); {
			end := min(w.at+int64(len(w.bytes)), (at/size+1)*size)
			if l.rnd.IntN(2) == 0 {
				data = write{at, w.bytes[at-w.at : end-w.at]}.apply(data)
			}
			at = end
		}
	}
	return data
}
