package main

import (
	"math/rand/v2"
	"testing"
)

// TestDisk: what was synced is there after a cut, whatever chance does to the rest;
// a file that was renamed into place without being synced may be empty.
func TestDisk(t *testing.T) {
	empty, undone := 0, 0
	for seed := range uint64(500) {
		d := newDisk()
		file := d.newNode("old", false, 0o600)
		d.add(d.root, "old", file)
		file.write([]byte("synced"), 0)
		d.sync(file)
		d.sync(d.root)
		file.write([]byte("SYN"), 0)
		file.write([]byte(" and more"), 6)

		replaced := d.newNode("key", false, 0o600)
		d.add(d.root, "key", replaced)
		replaced.write([]byte("before"), 0)
		d.sync(replaced)
		d.sync(d.root)
		next := d.newNode("key.tmp", false, 0o600)
		d.add(d.root, "key.tmp", next)
		next.write([]byte("after"), 0)
		d.move(d.root, "key.tmp", d.root, "key")
		if got := string(d.root.entries["key"].data); got != "after" || d.root.entries["key.tmp"] != nil {
			t.Fatalf("before the cut it is %q", got)
		}

		left := d.cut(rand.New(rand.NewPCG(seed, 1)))
		if got := string(left.root.entries["old"].data); len(got) < 6 || got[3:6] != "ced" {
			t.Errorf("seed %d: %q is left", seed, got)
		}
		switch got := string(left.root.entries["key"].data); got {
		case "":
			empty++
		case "before":
			undone++
		case "after":
		default:
			t.Errorf("seed %d: the replaced file is %q", seed, got)
		}
	}
	if empty == 0 || undone == 0 {
		t.Errorf("the replaced file was never empty (%d) or never the old one (%d)", empty, undone)
	}
}

// TestDiskNested: directories below keep what was synced in them, and changes
// between two.
func TestDiskNested(t *testing.T) {
	for seed := range uint64(100) {
		d := newDisk()
		dir := d.newNode("spool", true, 0o700)
		d.add(d.root, "spool", dir)
		d.sync(d.root)
		file := d.newNode("1", false, 0o600)
		d.add(dir, "1", file)
		file.write([]byte("one"), 0)
		file.truncate(2)
		d.sync(file)
		d.sync(dir)
		d.move(dir, "1", d.root, "1")
		left := d.cut(rand.New(rand.NewPCG(seed, 1)))
		found := left.root.entries["1"]
		if found == nil {
			found = left.root.entries["spool"].entries["1"]
		}
		if found == nil || string(found.data) != "on" {
			t.Fatalf("seed %d: %+v", seed, found)
		}
	}
}
