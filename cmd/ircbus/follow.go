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
	"github.com/ircbus/ircbus/subscriber"
)

// followCmd gives every event of some views from a cursor on, in order, each once.
type followCmd struct {
	server
	IRC    string `name:"irc" help:"The bus's IRC address, HOST:PORT (default: found through --server)." placeholder:"ADDR"`
	From   string `help:"Where to begin without a cursor: -1h, -7d, 2026-11-20T10:00:00Z, or EPOCH-ID … (default: from now on)." placeholder:"T"`
	Cursor string `help:"File that keeps the position, so that the next start goes on there." placeholder:"FILE"`
	Exec   string `help:"Command to run for each event, one after the other, instead of printing it: the event as JSON on its standard input, its fields in IRCBUS_FIELD_PAGE and so on. A failed one is run again until it succeeds." placeholder:"CMD"`
	Format string `help:"qs, json or text (default: text on a terminal, else json)." placeholder:"FORM" enum:"qs,json,text," default:""`

	Views []string `arg:"" name:"view" help:"Channels, as '#moinmaster', optionally with a filter, as '#moinmaster?page=Bad*&user=!*Bot'."`
}

// Help is shown after the flags.
func (*followCmd) Help() string {
	return `A command of --exec finds in its environment IRCBUS_ID, IRCBUS_AT, IRCBUS_CHANNEL,
IRCBUS_PUBLISHER, and each field under IRCBUS_FIELD_ and its name in upper case, with _ for
every character that is not a letter or digit; the values of a repeated field stand on
lines of their own. A value that would make the environment larger than systems allow (some
100,000 bytes) is not there; the JSON has it. Processes that the command leaves behind are not waited for. Missing events (the bus no longer has them) are reported on standard error.`
}

// Run follows until a signal comes, which is its good end.
func (c *followCmd) Run(g *globals) error {
	if c.Exec != "" && c.Format != "" {
		return usagef("--exec and --format exclude each other: the command gets JSON")
	}
	if cursor, err := ircbus.ParseCursor(c.From); err != nil || cursor.Epoch == "" {
		if err := checkTime("--from", c.From); err != nil {
			return err
		}
	}
	base, err := c.address(g)
	if err != nil {
		return err
	}
	format := c.Format
	if format == "" && isTerminal(g.stdout) && !g.JSON {
		format = "text"
	}
	for _, view := range c.Views {
		if _, err := ircbus.ParseView("#" + strings.TrimPrefix(view, "#")); err != nil {
			return usagef("%q is not a view: %v", view, err)
		}
	}
	h := &followHandler{stdout: g.stdout, stderr: g.stderr, format: eventFormat(format)}
	if c.Exec != "" {
		h.command = &eventCommand{line: c.Exec, stdout: g.stdout, stderr: g.stderr}
	}
	opts := subscriber.Options{
		HTTP: base, IRC: c.IRC, Account: c.Account, Secret: c.secret(), InsecurePlaintext: c.InsecurePlaintext,
		Cursor: c.Cursor, From: c.From, Log: g.log,
	}
	if g.logFormat == "" {
		opts.Log = slog.New(sentences{g.stderr})
	}
	err = subscriber.Follow(g.ctx, opts, c.Views, h)
	if g.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// sentences writes a log for people: what it says, and of its attributes the error.
type sentences struct{ to io.Writer }

// Enabled implements slog.Handler.
func (s sentences) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle implements slog.Handler.
func (s sentences) Handle(_ context.Context, r slog.Record) error {
	text := "ircbus: " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "err" {
			text += ": " + harmless(a.Value.String())
		}
		return true
	})
	_, err := fmt.Fprintln(s.to, text)
	return err
}

// WithAttrs implements slog.Handler.
func (s sentences) WithAttrs([]slog.Attr) slog.Handler { return s }

// WithGroup implements slog.Handler.
func (s sentences) WithGroup(string) slog.Handler { return s }

// followHandler prints each event or runs a command for it.
type followHandler struct {
	stdout, stderr io.Writer
	format         func(dst []byte, e *ircbus.Event) []byte
	command        *eventCommand // nil to print
	buffer         []byte
}

// Event implements subscriber.Handler.
func (h *followHandler) Event(ctx context.Context, e *ircbus.Event) error {
	if h.command != nil {
		return h.command.runUntilDone(ctx, e)
	}
	h.buffer = h.format(h.buffer[:0], e)
	_, err := h.stdout.Write(append(h.buffer, '\n'))
	return err
}

// Gap implements subscriber.Handler.
func (h *followHandler) Gap(_ context.Context, gap subscriber.Gap) error {
	_, err := fmt.Fprintf(h.stderr, "ircbus: events are missing: %s\n", gap)
	return err
}

// server says which bus a reading command asks, and as whom.
type server struct {
	httpServer
	Account           string `help:"Account to log in with, if the bus asks for it; its password is taken from IRCBUS_PASSWORD, or a token from IRCBUS_TOKEN." placeholder:"NAME" env:"IRCBUS_ACCOUNT"`
	InsecurePlaintext bool   `help:"Send the password to another machine without TLS."`
}

// secret is the account's; without one, none is sent.
func (s *server) secret() string {
	if s.Account == "" {
		return ""
	}
	if password := os.Getenv("IRCBUS_PASSWORD"); password != "" {
		return password
	}
	return os.Getenv("IRCBUS_TOKEN")
}

// address is the base address of the bus's HTTP API.
func (s *server) address(g *globals) (string, error) {
	if s.Account != "" && s.secret() == "" {
		return "", usagef("the account %s needs its password in IRCBUS_PASSWORD or a token in IRCBUS_TOKEN", s.Account)
	}
	return httpAddress(g, s.Server)
}

// checkCursor says what is wrong with an id that is given.
func checkCursor(flag, text string) error {
	if text == "" {
		return nil
	}
	if _, err := ircbus.ParseCursor(text); err != nil {
		return usagef("%s: %v", flag, err)
	}
	return nil
}

// checkTime says what is wrong with a time before the bus is asked.
func checkTime(flag, text string) error {
	if text == "" {
		return nil
	}
	if _, err := ircbus.ParseTime(text, time.Now()); err != nil {
		return usagef("%s: %v", flag, err)
	}
	return nil
}
