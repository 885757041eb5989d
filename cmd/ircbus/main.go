// Command ircbus runs the bus and talks to it: see docs/ and ircbus --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/ircbus/ircbus/cmd/ircbus/bus"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends what does not heed the first
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes (docs/protocol.md, "The command line").
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitLater  = 75 // of what mail programs run: try again (sysexits.h, EX_TEMPFAIL)
)

// globals is what every command gets.
type globals struct {
	Data   string // data directory: --data, else IRCBUS_DATA, else the file's, else the default
	Config string // configuration file, "" if none
	JSON   bool   // tables as JSON

	ctx            context.Context // ends with SIGINT and SIGTERM
	stdin          io.Reader
	stdout, stderr io.Writer
	log            *slog.Logger // to stderr
	logFormat      string       // --log-format, "" if not given
	minPassword    int          // characters of a new password, by the configuration
	mayMake        bool         // Data was named by somebody who may want a new directory there
}

// usageError is a mistake in the arguments or in the configuration: exit code 2.
type usageError string

func (e usageError) Error() string { return string(e) }

// usagef makes a usageError: one sentence that says what to do.
func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// laterError is a failure that may pass, of a command that a mail program runs:
// exit code 75.
type laterError struct{ error }

func (e laterError) Unwrap() error { return e.error }

func laterf(format string, args ...any) error { return laterError{fmt.Errorf(format, args...)} }

// cli is the command line. Each command lives in the file of its name.
type cli struct {
	Data      string `help:"Data directory (default: the configuration's, else ./ircbus-data)." placeholder:"DIR" env:"IRCBUS_DATA"`
	Config    string `help:"Configuration file." placeholder:"FILE" env:"IRCBUS_CONFIG"`
	JSON      bool   `help:"Machine-readable output where there is a table." name:"json"`
	LogFormat string `help:"Form of the log on standard error: text or json." enum:"text,json," default:"" placeholder:"FORM"`

	VersionFlag kong.VersionFlag `help:"Print the version." name:"version"`

	Serve       serveCmd       `cmd:"" help:"Run the bus."`
	Demo        demoCmd        `cmd:"" help:"Run a bus on which recorded wiki changes arrive."`
	Account     accountCmd     `cmd:"" help:"Add, list, change and remove accounts."`
	Publish     publishCmd     `cmd:"" help:"Publish events."`
	Mail        mailCmd        `cmd:"" help:"Hand a mail over, from procmail or a mail server."`
	Redact      redactCmd      `cmd:"" help:"Remove an event, or fields of it, for good."`
	Hook        hookCmd        `cmd:"" help:"Publish what git, CVS, Subversion or Mercurial tells its hooks."`
	Follow      followCmd      `cmd:"" help:"Follow views: every event once, in order."`
	Changes     changesCmd     `cmd:"" help:"Print old events."`
	Doors       doorsCmd       `cmd:"" help:"Show what has come through the doors of a running bus."`
	PrintConfig configCmd      `cmd:"" name:"config" help:"Print a complete commented example configuration."`
	CheckConfig checkConfigCmd `cmd:"" help:"Check the configuration file."`
	Backup      backupCmd      `cmd:"" help:"Write a copy of a running or stopped bus to a file."`
	Check       checkCmd       `cmd:"" help:"Check the integrity of the data directory."`
	Bench       benchCmd       `cmd:"" help:"Measure this bus or another IRC server."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
	Help        helpCmd        `cmd:"" help:"Show what a command does and takes."`
}

// usesData names the commands that need the data directory without a bus of
// their own, so that globals.Data must be known.
var usesData = map[string]bool{"account": true, "backup": true, "check": true}

// run executes one command line and returns its exit code. It alone writes
// errors to stderr: one sentence, or one for each mistake in a configuration.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	err := execute(ctx, args, stdin, stdout, stderr)
	if err == nil {
		return exitDone
	}
	lines := []string{strings.ReplaceAll(err.Error(), "\n", " ")}
	file := (*bus.FileError)(nil)
	if errors.As(err, &file) {
		lines = file.Lines()
	}
	for _, line := range lines {
		fmt.Fprintf(stderr, "ircbus: %s\n", line)
	}
	switch {
	case file != nil, errors.As(err, new(usageError)):
		return exitUsage
	case errors.As(err, new(laterError)):
		return exitLater
	}
	return exitFailed
}

func execute(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var c cli
	helped := false
	parser, err := kong.New(&c,
		kong.Name("ircbus"),
		kong.KindMapper(reflect.String, kong.MapperFunc(textValue)),
		kong.Vars{"version": versionLine()},
		kong.Description("A message bus for wiki changes that people read with any IRC client and programs over IRC or HTTP."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.WithHyphenPrefixedParameters(true), // --from -1h
	)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return usagef("a command is missing: try ircbus demo, or ircbus help")
	}
	parsed, err := parser.Parse(args)
	if helped {
		return nil
	}
	if err != nil {
		return usageOf(err)
	}
	g := &globals{
		Data: c.Data, Config: c.Config, JSON: c.JSON,
		ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr,
		log: newLogger(stderr, c.LogFormat), logFormat: c.LogFormat,
	}
	if command, _, _ := strings.Cut(parsed.Command(), " "); usesData[command] {
		if err := useData(g); err != nil {
			return err
		}
	}
	return parsed.Run(g, c.Bench.env(g))
}

// newLogger writes to w in the given form, text or json.
func newLogger(w io.Writer, form string) *slog.Logger {
	if form == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}
