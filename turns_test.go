package ircbus_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/ircbus/ircbus"
)

// While others wait, one network has at most half of the turns, and its long queue
// is not before somebody else.
func TestCaseA1Turns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := ircbus.NewTurns(4)
		type turn struct {
			name string
			end  func()
		}
		got := make(chan turn, 100)
		ends := map[string]func(){}
		ask := func(name, from string) {
			go func() {
				done, err := turns.Take(t.Context(), netip.MustParseAddr(from))
				if err != nil {
					t.Error(err)
				}
				got <- turn{name, done}
			}()
			synctest.Wait()
		}
		served := func() (names []string) {
			synctest.Wait()
			for len(got) > 0 {
				next := <-got
				names, ends[next.name] = append(names, next.name), next.end
			}
			slices.Sort(names)
			return names
		}
		for i := range 10 { // the addresses of one /24
			ask(fmt.Sprint("many", i), fmt.Sprintf("192.0.2.%d", i))
		}
		if names := served(); fmt.Sprint(names) != "[many0 many1]" {
			t.Errorf("one network got %v", names)
		}
		for i := range 3 {
			ask(fmt.Sprint("other", i), fmt.Sprintf("2001:db8:%d::1", i))
		}
		if names := served(); fmt.Sprint(names) != "[other0 other1]" {
			t.Errorf("others got %v", names)
		}
		ends["many0"]()
		if names := served(); fmt.Sprint(names) != "[other2]" {
			t.Errorf("the next turn went to %v", names)
		}
		ends["many1"]()
		ends["other0"]()
		if names := served(); fmt.Sprint(names) != "[many2 many3]" {
			t.Errorf("then it went to %v", names)
		}
		for i := 2; i < 10; i++ {
			served()
			ends[fmt.Sprint("many", i)]()
		}
		ends["other1"]()
		ends["other2"]()
	})
}

// This machine may have all turns while nobody else waits; who gives up is not
// in the queue any more.
func TestTurnsOfLoopback(t *testing.T) {
	turns := ircbus.NewTurns(3)
	local := netip.MustParseAddr("127.0.0.1")
	var ends []func()
	for range 3 {
		done, err := turns.Take(t.Context(), local)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, done)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turns.Take(gone, local); err == nil {
		t.Error("there was a fourth turn")
	}
	for _, done := range ends {
		done()
	}
	for range 3 {
		if _, err := turns.Take(t.Context(), local); err != nil {
			t.Fatal(err)
		}
	}
}
