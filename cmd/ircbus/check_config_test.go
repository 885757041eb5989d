package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestCaseE7: check-config and serve name every mistake with its line, also beside
// those that end the reading of a value or of the syntax, and what was meant.
func TestCaseE7(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string // each a line of the answer
	}{
		"of every kind": {
			"netwrok = \"a\"\nirc = 6667\nhttp = \"nowhere\"\nmax_event = \"x\"\n[limits]\nper_adress = 3\nping = \"soon\"\nlines = -1.0\n" +
				"[sylog]\nudp = \"x\"\n[publisher.wiki]\npageurl = \"x\"\nengine = \"wiki\"\n",
			[]string{
				`line 1: netwrok: there is no such key: did you mean network?`, `line 2: irc: 6667 is neither an address in quotes nor an array of them`,
				`line 3: http: "nowhere" must be host:port`, `line 4: max_event: the value must be a whole number`,
				`line 6: limits.per_adress: there is no such key: did you mean per_address?`, `line 7: limits.ping: "soon" is not a duration`,
				`line 8: limits.lines: -1 must not be negative`, `line 9: sylog: there is no such key: did you mean syslog?`,
				`line 12: publisher.wiki.pageurl: there is no such key: did you mean page_url?`, `line 13: publisher.wiki.engine: "wiki" must be`,
			},
		},
		"of syntax": {
			"irc = \"127.0.0.1:0\nhttp = nonsense\naccess = \"open\"\naccess = \"login\"\n[limits\nnetwork = \"two words\"\n",
			[]string{`line 1: irc: `, `line 2: http: `, `line 4: access: `, `line 5: `, `line 6: network: "two words" must be one word`},
		},
		"open array": {
			"motd = [\n  \"a\",\nirc = \"x\"\n", []string{"line 3: motd: "},
		},
		"in the wrong place": {
			"listen = \"127.0.0.1:0\"\n[limits]\nnicks = 3\nirc = \"127.0.0.1:0\"\n",
			[]string{`line 1: listen: there is no such key outside [mediawiki], `, `line 4: limits.irc: there is no such key here: irc stands above the first [section]`},
		},
		"files": {
			"password_file = \"/nowhere\"\nirc_tls = \"127.0.0.1:0\"\ncert = \"/nowhere\"\nkey = \"/nowhere\"\n" +
				"[prism]\nsecrets_file = \"/nowhere\"\n[psyc]\nsecrets_file = \"/nowhere\"\n[forge]\nsecrets_file = \"/nowhere\"\n[moin]\nsecrets_file = \"/nowhere\"\n",
			[]string{"line 1: password_file: ", "line 3: cert: ", "line 6: prism.secrets_file: ", "line 8: psyc.secrets_file: ", "line 10: forge.secrets_file: ",
				"line 12: moin.secrets_file: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := writeConfig(t, test.text)
			for _, args := range [][]string{{"check-config", file}, {"serve", "--config", file, "--data", filepath.Join(t.TempDir(), "data")}} {
				code, out, errs := invoke(t, args...)
				lines := strings.Split(strings.TrimSpace(errs), "\n")
				if args[0] == "check-config" {
					lines = lines[:len(lines)-1] // the sum
				}
				if code != exitUsage || out != "" || len(lines) != len(test.want) {
					t.Fatalf("%s: exit code %d, %q\n%s", args[0], code, out, errs)
				}
				for i, want := range test.want {
					if !strings.Contains(lines[i], file+": "+want) {
						t.Errorf("%s: %q; want %q", args[0], lines[i], want)
					}
				}
			}
		})
	}
}

// TestCaseE7Warnings: what serve warns of, and templates that nothing fills in.
func TestCaseE7Warnings(t *testing.T) {
	const wiki = "\n[publisher.wiki]\n"
	for text, want := range map[string]struct {
		code int
		says string
	}{
		"irc = \"0.0.0.0:6667\"":                                    {exitDone, "line 1: irc: warning: passwords can be read on the way to the plain IRC listener"},
		"irc = \":6667\"":                                           {exitDone, "line 1: irc: warning: passwords"},
		"http = \"[::]:8667\"":                                      {exitDone, "line 1: http: warning: passwords"},
		"http = \"bus.example.org:80\"":                             {exitDone, "line 1: http: warning: passwords"},
		wiki + "page_url = \"https://w/{pagename}\"":                {exitUsage, "line 3: publisher.wiki.page_url: {pagename} is not filled in unless events have that field: did you mean {page}?"},
		wiki + "diff_url = \"https://w/{page}?d={old_rev}\"":        {exitUsage, "publisher.wiki.diff_url: {old_rev} is not filled in unless events have that field: did you mean {oldrev}?"},
		wiki + "history_url = \"https://w/{Page}\"":                 {exitUsage, "publisher.wiki.history_url: {Page} is not filled in unless"},
		wiki + "raw_url = \"https://w/{{.page}}\"":                  {exitUsage, "publisher.wiki.raw_url: {{.page} is not the name of a field: did you mean {page}?"},
		wiki + "raw_url = \"https://w/{page\"":                      {exitUsage, "publisher.wiki.raw_url: a { lacks its }"},
		wiki + "page_url = \"https://w/\"":                          {exitDone, "publisher.wiki.page_url: warning: \"https://w/\" has no field like {page} in it"},
		wiki + "page_url = \"https://w/{ticket}\"":                  {exitDone, "publisher.wiki.page_url: warning: {ticket} is filled in only if events have that field"},
		wiki + "template = \"{{.pagename}} by {{.user}}\"":          {exitUsage, "publisher.wiki.template: {{.pagename}} is not filled in unless"},
		wiki + "template = \"{page} by {{.user}}\"":                 {exitUsage, "publisher.wiki.template: {page} stays as it is here: did you mean {{.page}}?"},
		"[json.x]\nfields = { page = \"{title}\" }":                 {exitUsage, "json.x.fields.page: {title} stays as it is here: did you mean {{.title}}?"},
		"[psyc]\ntemplates = { _notice = \"[_nick said [_page]\" }": {exitUsage, `psyc.templates._notice: "[_nick" lacks its ]`},
	} {
		file := writeConfig(t, text)
		code, out, errs := invoke(t, "check-config", file)
		if code != want.code || !strings.Contains(errs, file+": ") || !strings.Contains(errs, want.says) ||
			(code == exitDone) != strings.Contains(out, "is good (warnings: 1)") {
			t.Errorf("%s: exit code %d, %q %q; want %q", text, code, out, errs, want.says)
		}
	}
	good := writeConfig(t, wiki+"page_url = \"https://w/{page}\"\ndiff_url = \"https://w/{page}?{rev}&{oldrev}\"\ntemplate = \"{{with .page}}{{.}}{{end}}\"\n")
	if code, out, errs := invoke(t, "check-config", good); code != exitDone || !strings.HasSuffix(out, "is good\n") || errs != "" {
		t.Errorf("a good file: exit code %d, %q %q", code, out, errs)
	}
	if code, out, _ := invoke(t, "--json", "check-config", writeConfig(t, "irc = \":6667\"")); code != exitDone || !strings.Contains(out, `"warning":true`) {
		t.Errorf("as JSON: exit code %d, %q", code, out)
	}
}

// TestCaseE7Nobody: sections about publishers and channels that do not exist.
func TestCaseE7Nobody(t *testing.T) {
	data := t.TempDir()
	if code, _, errs := invoke(t, "--data", data, "account", "add", "wiki", "--role", "publisher", "--generate"); code != exitDone {
		t.Fatal(errs)
	}
	file := writeConfig(t, "data = \""+data+"\"\n[publisher.wiki]\nname = \"W\"\n[publisher.wikki]\nname = \"W\"\n[retention.\"#wiki\"]\nmax_count = 1\n"+
		"[retention.\"#wikki\"]\nmax_count = 1\n[poll.other]\nurl = \"https://w/\"\nformat = \"feed\"\n[publisher.other]\nname = \"O\"\n")
	code, _, errs := invoke(t, "check-config", file)
	if code != exitDone || strings.Count(errs, "\n") != 2 || !strings.Contains(errs, "line 4: publisher.wikki: warning: there is no such publisher") ||
		!strings.Contains(errs, "line 8: retention.#wikki: warning: nobody publishes in this channel") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}
