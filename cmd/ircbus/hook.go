package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/vcs"
)

// hookCmd publishes what version control tells its hooks, and monitoring its
// notification command.
//
// It is called after the fact, so nothing that it does can stop a commit. It ends
// with 0 if every event is published or safe in the spool, else with 1 and a
// sentence that the version control shows to who commits.
type hookCmd struct {
	Git    hookGitCmd    `cmd:"" help:"As git's post-receive hook: every new commit, and branches and tags that come, go or are forced."`
	CVS    hookCVSCmd    `cmd:"" name:"cvs" help:"As CVS's loginfo command: every commit, one event for each directory."`
	SVN    hookSVNCmd    `cmd:"" name:"svn" help:"As Subversion's post-commit or post-revprop-change hook."`
	HG     hookHGCmd     `cmd:"" name:"hg" help:"As Mercurial's hook changegroup, incoming or commit."`
	Nagios hookNagiosCmd `cmd:"" help:"As the notification command of Nagios or Icinga: every notification."`
	Flush  hookFlushCmd  `cmd:"" help:"Send what hooks have left in their spool while the bus was away."`
}

// hookFlags are what all hooks take.
type hookFlags struct {
	publishing
	Channel string `help:"Channel to publish in (default: the account's own)." placeholder:"#CHANNEL"`
	Spool   string `help:"Directory that keeps events until the bus has them, so that no commit waits for it." placeholder:"DIR"`

	credentials
}

// hookEvents are the flags of the hooks that make events.
type hookEvents struct {
	hookFlags

	Project string `help:"What the repository is called (default: its directory's name)." placeholder:"NAME"`
	Link    string `help:"Address of a commit's page, with {project}, {repo}, {branch} or {rev} in it." placeholder:"TEMPLATE"`
	NoEmail bool   `help:"Leave the addresses of people out."`
	Limit   int    `help:"Commits of one branch, and branches and tags of one push, that become events; 0 for all." default:"100"`
}

func (h *hookEvents) options() (vcs.Options, error) {
	if h.Link != "" {
		if err := vcs.CheckLink(h.Link); err != nil {
			return vcs.Options{}, usagef("--link: %v", err)
		}
	}
	if h.Limit < 0 {
		return vcs.Options{}, usagef("--limit must not be less than 0")
	}
	return vcs.Options{Project: h.Project, Link: h.Link, NoEmail: h.NoEmail, Limit: h.Limit}, nil
}

type hookGitCmd struct{ hookEvents }

func (c *hookGitCmd) Run(g *globals) error {
	return c.run(g, func(o vcs.Options, input []byte) ([]ircbus.Fields, error) {
		return vcs.Git(g.ctx, input, os.Getenv, o)
	})
}

type hookCVSCmd struct {
	hookEvents
	Args []string `arg:"" optional:"" passthrough:"" help:"What CVS puts in place of %I %r %p %{sVv}, or of %r %p %s, or of CVS 1.11's %{sVv} or %s."`
}

func (c *hookCVSCmd) Run(g *globals) error {
	return c.run(g, func(o vcs.Options, input []byte) ([]ircbus.Fields, error) {
		return vcs.CVS(c.Args, input, os.Getenv, o)
	})
}

type hookSVNCmd struct {
	hookEvents
	Args []string `arg:"" optional:"" passthrough:"" help:"What Subversion gives its hook: REPOS REV and more."`
}

func (c *hookSVNCmd) Run(g *globals) error {
	return c.run(g, func(o vcs.Options, _ []byte) ([]ircbus.Fields, error) {
		return vcs.Subversion(g.ctx, c.Args, o)
	})
}

type hookHGCmd struct{ hookEvents }

func (c *hookHGCmd) Run(g *globals) error {
	return c.run(g, func(o vcs.Options, _ []byte) ([]ircbus.Fields, error) {
		return vcs.Mercurial(g.ctx, os.Getenv, o)
	})
}

// maxHookInput limits, in bytes, what a hook reads: refs of a push or a message.
const maxHookInput = 64 << 20

// run makes events of a hook's call and publishes them.
func (h *hookEvents) run(g *globals, events func(vcs.Options, []byte) ([]ircbus.Fields, error)) error {
	o, err := h.options()
	if err != nil {
		return err
	}
	input, err := io.ReadAll(io.LimitReader(g.stdin, maxHookInput))
	if err != nil {
		return fmt.Errorf("the hook's input cannot be read: %w", err)
	}
	if _, err := io.Copy(io.Discard, g.stdin); err != nil { // who writes it may wait for that
		return fmt.Errorf("the hook's input cannot be read: %w", err)
	}
	made, err := events(o, input)
	if err != nil {
		return err
	}
	return h.publish(g, made)
}

const (
	// hookPatience is how long a hook with a spool waits for a bus that says
	// nothing.
	hookPatience = 5 * time.Second
	// hookLimit is how long it goes on sending what waits in the spool.
	hookLimit = 30 * time.Second
)

// publish puts the events into the spool, and sends what is there. If the spool
// cannot take them, the bus may.
func (h *hookFlags) publish(g *globals, events []ircbus.Fields) error {
	spool := hookSpool{h.Spool}
	d, mistake := h.delivery(g)
	switch {
	case mistake != nil && h.Spool != "": // it loses no event
		return errors.Join(spool.keep(events), fmt.Errorf("the spool %s keeps the events for later: %w", h.Spool, mistake))
	case mistake != nil:
		return mistake
	case h.Spool == "":
		return d.direct(g.ctx, events)
	}
	d.cmd.Timeout = min(d.cmd.Timeout, hookPatience)
	if err := spool.keep(events); err != nil {
		if failure := d.direct(g.ctx, events); failure != nil {
			return errors.Join(err, failure)
		}
		fmt.Fprintf(g.stderr, "ircbus: the events are published, but the spool could not have kept them: %v\n", err)
		return nil
	}
	ctx, cancel := context.WithTimeout(g.ctx, hookLimit)
	defer cancel()
	if err := spool.send(ctx, d); err != nil {
		fmt.Fprintf(g.stderr, "ircbus: the spool %s keeps the events for later: %v\n", h.Spool, err)
	}
	return d.refusals()
}

// delivery checks the flags. It reads the credentials when they are needed, so
// that a mistake in them loses no event.
func (h *hookFlags) delivery(g *globals) (*delivery, error) {
	channel := h.Channel
	if channel != "" && !strings.HasPrefix(channel, "#") {
		channel = "#" + channel
	}
	to, err := h.address(g)
	if err != nil {
		return nil, err
	}
	if to.http == "" && h.Account == "" {
		return nil, errNoAccount
	}
	quiet := *g // what concerns who commits is told in one sentence at the end
	quiet.log = slog.New(slog.DiscardHandler)
	cmd := &publishCmd{publishing: h.publishing, Channel: channel, credentials: h.credentials}
	return &delivery{cmd: cmd, open: func() (publishDoor, error) {
		s, err := h.secret()
		if err != nil {
			return nil, err
		}
		return cmd.open(&quiet, channel, s)
	}}, nil
}

type hookFlushCmd struct{ hookFlags }

func (c *hookFlushCmd) Run(g *globals) error {
	if c.Spool == "" {
		return usagef("which spool shall be sent? --spool DIR")
	}
	d, err := c.delivery(g)
	if err != nil {
		return err
	}
	if err := (hookSpool{c.Spool}).send(g.ctx, d); err != nil {
		return fmt.Errorf("the spool %s keeps events: %w", c.Spool, err)
	}
	return d.refusals()
}
