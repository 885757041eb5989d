package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ircbus/ircbus"
)

const (
	// A command that fails is run again after a pause between these two.
	firstExecPause = time.Second
	limitExecPause = time.Minute

	// execGrace is how long a command may still run after the signal to end,
	// execKill how long after SIGTERM.
	execGrace = 3 * time.Second
	execKill  = time.Second
)

// eventCommand is the command of --exec.
type eventCommand struct {
	line           string // for sh -c
	stdout, stderr io.Writer
}

// runUntilDone runs the command until it succeeds; only ctx ends that.
func (c *eventCommand) runUntilDone(ctx context.Context, e *ircbus.Event) error {
	for pause := firstExecPause; ; pause = min(2*pause, limitExecPause) {
		err := c.run(ctx, e)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait := pause/2 + rand.N(pause/2)
		fmt.Fprintf(c.stderr, "ircbus: the command failed for event %d (%v): running it again in %v\n", e.ID, err, wait.Round(100*time.Millisecond))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// run runs the command once. When ctx ends it may still finish its work.
func (c *eventCommand) run(ctx context.Context, e *ircbus.Event) error {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(execGrace, cancel) })
	defer stop()
	command := exec.CommandContext(running, "sh", "-c", c.line)
	command.Stdin = bytes.NewReader(append(e.AppendJSON(nil), '\n'))
	command.Stdout, command.Stderr = c.stdout, c.stderr
	command.Env = eventEnviron(os.Environ(), e)
	// In a group of its own it does not get the terminal's Ctrl-C.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	command.WaitDelay = execKill
	err := command.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil // it succeeded, but left a process behind that holds its output or input
	}
	return err
}

// maxFieldVariables bounds the bytes of an event's fields in the environment: Linux
// allows 128 KiB for one variable, and a bus may be configured to take larger events.
const maxFieldVariables = 100_000

// fieldPrefix begins the names of an event's fields in the environment.
const fieldPrefix = "IRCBUS_FIELD_"

// eventEnviron adds an event to an environment, without our credentials and
// without another event's fields.
func eventEnviron(environ []string, e *ircbus.Event) []string {
	var env []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if name != "IRCBUS_PASSWORD" && name != "IRCBUS_TOKEN" && !strings.HasPrefix(name, fieldPrefix) {
			env = append(env, variable)
		}
	}
	env = append(env,
		"IRCBUS_ID="+strconv.FormatUint(uint64(e.ID), 10),
		"IRCBUS_AT="+ircbus.FormatTime(e.At),
		"IRCBUS_CHANNEL="+e.Channel,
		"IRCBUS_PUBLISHER="+e.Publisher,
	)
	return append(env, fieldVariables(e)...)
}

// fieldVariables are the variables of an event's fields.
func fieldVariables(e *ircbus.Event) (env []string) {
	at := make(map[string]int) // name → place in env
	left := maxFieldVariables
	for _, field := range e.Fields {
		name := fieldVariable(field.Key)
		value := strings.ReplaceAll(field.Value, "\x00", "") // which no variable can hold
		size := len(name) + len(value) + 2
		if size > left {
			continue
		}
		left -= size
		if i, repeated := at[name]; repeated {
			env[i] += "\n" + value
			continue
		}
		at[name] = len(env)
		env = append(env, name+"="+value)
	}
	return env
}

// fieldVariable is the name of a field in the environment.
func fieldVariable(key string) string {
	return fieldPrefix + strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		}
		return '_'
	}, key)
}
