package main

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// helpCmd shows the help of a command.
type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command (default: all of them)."`
}

// Run shows what --help shows.
func (c *helpCmd) Run(g *globals) error {
	return execute(g.ctx, append(c.Command, "--help"), g.stdin, g.stdout, g.stderr)
}

// usageOf makes a sentence for the user of what the parser says about a command
// line, and names the command whose help has more.
func usageOf(err error) error {
	command := "ircbus"
	group := true // commands are expected, not arguments
	if parse := (*kong.ParseError)(nil); errors.As(err, &parse) {
		if node := parse.Context.Selected(); node != nil {
			command, group = node.FullPath(), len(node.Children) > 0
		}
	}
	text := err.Error()
	if found := unexpected.FindStringSubmatch(text); found != nil && group {
		text = `there is no command "` + strings.TrimPrefix(command+" "+found[1], "ircbus ") + `"` + found[2]
	}
	for _, p := range plainly {
		text = p.parser.ReplaceAllString(text, p.plain)
	}
	if strings.HasSuffix(text, "?") {
		text += " See "
	} else {
		text += "; see "
	}
	_, topic, _ := strings.Cut(command, " ")
	return usagef("%s%s", text, strings.TrimSpace("ircbus help "+topic))
}

var unexpected = regexp.MustCompile(`^unexpected argument (\S+?)(,.*)?$`)

const needsValue = "it needs a value"

// textValue reads a flag's text. The parser takes the end of the line, or the next
// flag, for one.
func textValue(in *kong.DecodeContext, target reflect.Value) error {
	next := in.Scan.Peek()
	if text, ok := next.Value.(string); in.Value.Flag != nil && next.Type != kong.FlagValueToken {
		switch {
		case next.IsEOL():
			return errors.New(needsValue)
		case ok && strings.HasPrefix(text, "--"):
			return fmt.Errorf("%s, and %s looks like the next flag: write %s=%[2]s if it is meant", needsValue, text, in.Value.ShortSummary())
		}
	}
	return in.Scan.PopValueInto("string", target.Addr().Interface())
}

// plainly says in the words of this program what the parser says in its own.
var plainly = []struct {
	parser *regexp.Regexp
	plain  string
}{
	{regexp.MustCompile(`expected (?:an? )?\w+ but got (?:"EOL"|%!q).*|missing value, .*`), needsValue},
	{regexp.MustCompile(`^unexpected argument (\S+)`), `"$1" is one argument too many`},
	{regexp.MustCompile(`^unknown flag (\S+?)(,|$)`), `there is no flag $1$2`},
	{regexp.MustCompile(`, did you mean `), `: did you mean `},
	{regexp.MustCompile(`^missing flags: (.*)`), `$1 is missing`},
	{regexp.MustCompile(`^expected one of .*`), `a command is missing`},
	{regexp.MustCompile(`^expected "(.*)"$`), `$1 is missing`},
	{regexp.MustCompile(`expected a valid \d+ bit int but got (".*")`), `$1 is not a whole number`},
	{regexp.MustCompile(`expected a valid \d+ bit uint but got (".*")`), `$1 is not a whole number of 0 or more`},
	{regexp.MustCompile(`expected a float but got (".*?").*`), `$1 is not a number`},
	{regexp.MustCompile(`expected duration but got (".*?"):.*`), `$1 is not a duration like 30s or 5m`},
	{regexp.MustCompile(`,"" but got `), ` but got `},
	{regexp.MustCompile(` but got ("[^"]*")$`), `, and $1 is none of them`},
}
