package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// staff makes accounts and bans, which are in files of their own, and must be kept
// as events are.
type staff struct {
	bus     *bus
	ctx     context.Context
	running sync.RWMutex // held for reading while a command runs

	mu           sync.Mutex
	names, masks []string // that are told to be made
}

// addAccounts makes accounts by the command, beside the bus.
func (s *staff) addAccounts() {
	for n := 1; s.ctx.Err() == nil; n++ {
		name := fmt.Sprintf("person%d_", n)
		s.running.RLock()
		_, err := s.bus.run("account", "add", name, "--role", "user", "--generate")
		s.running.RUnlock()
		if err == nil {
			s.mu.Lock()
			s.names = append(s.names, name)
			through.add("ircbus account add", 1)
			s.mu.Unlock()
		}
		s.pause()
	}
}

// ban bans addresses as an operator on IRC.
func (s *staff) ban() {
	for n := 1; s.ctx.Err() == nil; s.pause() {
		c, err := dialIRC(s.bus, "plain")
		if err != nil {
			continue
		}
		stop := context.AfterFunc(s.ctx, func() { c.Close() })
		s.banOver(c, &n)
		stop()
		c.Close()
	}
}

func (s *staff) banOver(c *ircConn, n *int) {
	if c.login("root", s.bus.operator) != nil || c.say("OPER") != nil || c.until(" 381 ") != nil {
		return
	}
	for ; s.ctx.Err() == nil; *n++ {
		mask := fmt.Sprintf("person%d@192.0.2.%d", *n, *n%250)
		if c.say("KLINE "+mask+" :faults") != nil || c.until(mask) != nil {
			return
		}
		s.mu.Lock()
		s.masks = append(s.masks, mask)
		through.add("KLINE", 1)
		s.mu.Unlock()
		s.pause()
	}
}

func (s *staff) pause() {
	select {
	case <-s.ctx.Done():
	case <-time.After(400 * time.Millisecond):
	}
}

// check looks for everything that was told to be made, while the bus is dead.
func (s *staff) check() error {
	s.mu.Lock()
	names, masks := append([]string{"wiki", "root"}, s.names...), s.masks
	s.mu.Unlock()
	accounts, err := s.bus.run("account", "list")
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.Contains(accounts, name) {
			return fmt.Errorf("the account %s is lost", name)
		}
	}
	bans, err := os.ReadFile(filepath.Join(s.bus.data, "klines.json"))
	if err != nil && len(masks) > 0 {
		return err
	}
	for _, mask := range masks {
		if !strings.Contains(string(bans), `"`+mask+`"`) {
			return fmt.Errorf("the ban of %s is lost", mask)
		}
	}
	return nil
}
