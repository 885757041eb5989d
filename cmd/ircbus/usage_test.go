package main

import (
	"strings"
	"testing"
)

// TestCaseE8: the version and help by the words that people try, and what was meant
// by a mistyped command or flag.
func TestCaseE8(t *testing.T) {
	_, version, _ := invoke(t, "version")
	for _, test := range []struct{ args, want string }{
		{"--version", version}, {"--json --version", version},
		{"help", "check-config"}, {"help help", "Usage: ircbus help"},
		{"help account", "account add"}, {"help account add", "--role=ROLE"}, {"help publish", "Usage: ircbus publish"},
	} {
		code, out, errs := invoke(t, strings.Fields(test.args)...)
		if code != exitDone || !strings.Contains(out, test.want) || errs != "" {
			t.Errorf("ircbus %s: exit code %d, %q %q", test.args, code, out, errs)
		}
	}
	for _, test := range []struct{ args, want string }{
		{"help nonsense", `there is no command "nonsense"; see ircbus help`},
		{"pubish", `there is no command "pubish": did you mean "publish"?`},
		{"account ad", `there is no command "account ad": did you mean "add"? See ircbus help account`},
		{"hook gti", `did you mean "git"?`},
		{"serve --irx x", `there is no flag --irx: did you mean "--irc"? See ircbus help serve`},
		{"chekc-config", `did you mean "check-config"?`},
		{"account", "a command is missing"},
		{"version now", `"now" is one argument too many`},
	} {
		mistaken(t, test.args, test.want)
	}
}

// TestCaseE8Values: a value that is bad or missing is named with its flag.
func TestCaseE8Values(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"account add x --role publsher", `--role must be one of "publisher","user","operator", and "publsher" is none of them`},
		{"account add x", "--role=ROLE is missing"},
		{"account token x --expires 5x", `--expires: the time "5x" must be like`},
		{"changes --format jsn", `--format must be one of`},
		{"changes --limit x", `--limit: "x" is not a whole number`},
		{"changes --after -3", `--after: "-3" is not an event id`},
		{"redact x", `"x" is not an event id: use a whole number like 123, or EPOCH-123`},
		{"redact", "<id> is missing"},
		{"bench fanout --rate x", `--rate: "x" is not a number`},
		{"publish --timeout 5", `--timeout: "5" is not a duration like 30s or 5m`},
		{"demo --pace x", `--pace: "x" is not a duration`},
		{"serve --irc", "--irc: it needs a value"},
		{"serve --irc --http x", "--irc: it needs a value, and --http looks like the next flag: write --irc=--http"},
		{"changes --limit", "--limit: it needs a value"},
		{"doors --timeout", "--timeout: it needs a value"},
		{"redact 1 --field", "--field: it needs a value"},
		{"--data", "--data: it needs a value"},
	} {
		mistaken(t, test.args, test.want)
	}
}

// mistaken runs a command line that is refused with one sentence.
func mistaken(t *testing.T, args, want string) {
	t.Helper()
	code, out, errs := invoke(t, strings.Fields(args)...)
	if code != exitUsage || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 || out != "" {
		t.Errorf("ircbus %s: exit code %d, %q %q; want %q", args, code, out, errs, want)
	}
}
