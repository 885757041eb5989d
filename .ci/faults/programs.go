package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// program is one of the bus's own commands, which is killed at times and started
// again.
type program struct {
	mu      sync.Mutex
	process *os.Process
}

// run runs a command to its end, reading what it says.
func (p *program) run(cmd *exec.Cmd, read func(io.Reader)) error {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.mu.Lock()
	p.process = cmd.Process
	p.mu.Unlock()
	read(out)
	err = cmd.Wait()
	p.mu.Lock()
	p.process = nil
	p.mu.Unlock()
	return err
}

// kill kills the command, if it runs.
func (p *program) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process != nil {
		p.process.Kill()
	}
}

// follow runs `ircbus follow` with a cursor, again and again. After it was killed it
// may say again what it said last: the cursor is written after the line.
func (p *program) follow(r *reader) {
	cursor, last := filepath.Join(r.bus.dir, "cursor"), uint64(0)
	for r.ctx.Err() == nil {
		cmd := exec.CommandContext(r.ctx, r.bus.program, "follow", "#wiki", "--server", "http://"+r.bus.web, "--irc", r.bus.irc,
			"--from", "-1h", "--cursor", cursor, "--format", "json", "--data", r.bus.dir)
		said := uint64(0)
		p.run(cmd, func(out io.Reader) {
			for lines := bufio.NewScanner(out); lines.Scan(); {
				var c changeEvent
				if json.Unmarshal(lines.Bytes(), &c) != nil {
					return
				}
				if c.ID <= said {
					r.ledger.fault("%s said %d after %d", r.name, c.ID, said)
				}
				if said = c.ID; c.ID > last {
					last = c.ID
					r.got(c.ID, c.mark())
				}
			}
		})
		time.Sleep(20 * time.Millisecond)
	}
}

// spool runs `ircbus publish` with a spool. Everything that it was given must be in
// the log in the end, since it is given again what it may have lost when killed.
func (p *program) spool(pub *publisher) {
	secret := filepath.Join(pub.bus.dir, "token")
	if os.WriteFile(secret, []byte(pub.bus.token+"\n"), 0o600) != nil {
		return
	}
	for pub.goesOn() {
		for len(pub.open) < 40 {
			pub.open = append(pub.open, pub.next())
		}
		cmd := exec.Command(pub.bus.program, "publish", "--server", "irc://"+pub.bus.irc, "--account", "wiki", "--password-file", secret,
			"--spool", filepath.Join(pub.bus.dir, "spool"), "--data", pub.bus.dir)
		in, err := cmd.StdinPipe()
		if err != nil {
			return
		}
		go func(marks []string) {
			defer in.Close()
			for _, mark := range marks {
				if _, err := fmt.Fprintf(in, "page=%s&key=%s\n", mark, mark); err != nil {
					return
				}
				pause(rand.New(rand.NewPCG(1, uint64(len(mark)))), 30*time.Millisecond)
			}
		}(pub.open)
		if p.run(cmd, func(out io.Reader) { io.Copy(io.Discard, out) }) == nil {
			pub.spooled = append(pub.spooled, pub.open...)
			pub.open = nil
		}
		pub.rest()
	}
}
