package bus

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ircbus/ircbus/ircd/account"
)

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ircbus.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestExample: the example is strict TOML, its values are the defaults, and what
// it has commented out can be used.
func TestExample(t *testing.T) {
	c, err := Load(writeFile(t, Example))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), c, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the example differs from the defaults:\n%s", diff)
	}
	if problems := c.Check(); len(problems) > 0 {
		t.Error(problems[0])
	}
	var all strings.Builder
	for line := range strings.Lines(Example) {
		if text := strings.TrimPrefix(line, "# "); strings.HasPrefix(text, "[") || strings.Contains(text, " = \"") || strings.Contains(text, " = 1") {
			line = text
		}
		all.WriteString(line)
	}
	c, err = Load(writeFile(t, all.String()))
	if err != nil {
		t.Fatal(err)
	}
	if problems := c.Check(); len(problems) > 0 {
		t.Error(problems[0])
	}
	if c.Publishers["moinmaster"].DiffURL == "" || c.Retention["#moinmaster"].MaxCount == 0 || c.Retention["*"].MaxAge == 0 {
		t.Errorf("not everything was read: %+v", c)
	}
	for _, key := range keys(reflect.TypeFor[Config]()) {
		if !strings.Contains(Example, key+" = ") && !strings.Contains(Example, "["+key) {
			t.Errorf("the example lacks %s", key)
		}
	}
}

// keys are the keys of a struct and of what is in it.
func keys(t reflect.Type) []string {
	if t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var all []string
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("toml"); key != "" && key != "-" {
			all = append(all, key)
			all = append(all, keys(t.Field(i).Type)...)
		}
	}
	return all
}

func TestLoadErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a = 1":                                   "line 1: a: there is no such key",
		"\n[publisher.moin]\ntexts = \"#x\"":      "line 3: publisher.moin.texts: there is no such key",
		"irc = \"x\"\n\n[irc2]\na = 1":            "line 3: irc2: there is no such key",
		"motd = [\n\"a\",\n":                      "line 2: motd: ",
		"max_event = \"many\"":                    "line 1: max_event: the value must be a whole number",
		"\n[limits]\nlines = \"x\"":               "line 3: limits.lines: the value must be a number",
		"irc = 6667":                              "line 1: irc: 6667 is neither an address in quotes nor an array of them",
		"motd = \"hello\"":                        "line 1: motd: the value must be a list",
		"no_user_channels = 1":                    "line 1: no_user_channels: the value must be true or false",
		"publisher = 1":                           "line 1: publisher: this must be sections, as in [publisher.NAME]",
		"\n[[retention]]\nmax_age = \"1d\"":       "line 2: retention: this must be sections",
		"limits = 1":                              "limits: this must be a section, as in [limits]",
		"[limits]\nping = 5":                      "line 2: limits.ping: \"5\" is not a duration",
		"[publisher]\nmoin = 1":                   "publisher.moin: this must be a section, as in [publisher.moin]",
		"[limits]\nping = \"soon\"":               "line 2: limits.ping: \"soon\" is not a duration",
		"irc = \"a\"\nirc = \"b\"":                "line 2",
		"[retention.\"#a\"]\nmax_ages = \"365d\"": "line 2: retention.#a.max_ages: there is no such key",
	} {
		_, err := Load(writeFile(t, text))
		file := (*FileError)(nil)
		if !errors.As(err, &file) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there was read")
	}
}

// TestCheck: every rule, with the line it is about.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	cert, key, other := filepath.Join(dir, "cert"), filepath.Join(dir, "key"), filepath.Join(dir, "other")
	writeCertificate(t, cert, key, 1)
	writeCertificate(t, filepath.Join(dir, "x"), other, 2)
	for text, want := range map[string]string{
		"irc = \"6667\"":                                                     "line 1: irc: ",
		"\nhttp = \"localhost:http\"":                                        "line 2: http: ",
		"http = \":99999\"":                                                  "line 1: http: ",
		"irc_tls = \":0\"\ncert = \"" + cert + "\"":                          "line 2: cert: a TLS address needs",
		"irc_tls = \":0\"\ncert = \"/none\"\nkey = \"" + key + "\"":          "line 2: cert: ",
		"irc_tls = \":0\"\ncert = \"" + cert + "\"\nkey = \"" + other + "\"": "line 2: cert: ",
		"url = \"bus.example.org\"":                                          "line 1: url: ",
		"name = \"two words\"":                                               "line 1: name: ",
		"network = \"two words\"":                                            "line 1: network: ",
		"motd = [\"a\", \"b\\nc\"]":                                          "line 1: motd: ",
		"motd = [\"" + strings.Repeat("é", 300) + "\"]":                      "line 1: motd: ",
		"network = \"" + strings.Repeat("n", 65) + "\"":                      "line 1: network: ",
		"access = \"none\"":                                                  "line 1: access: ",
		"max_event = 5":                                                      "line 1: max_event: ",
		"log_format = \"xml\"":                                               "line 1: log_format: ",
		"[publisher.\"a b\"]\ntext = \"#x\"":                                 "line 1: publisher.a b: ",
		"[publisher.a]\ntext = \"x\"":                                        "line 2: publisher.a.text: ",
		"[publisher.a]\ntext = \"#A\"":                                       "line 2: publisher.a.text: ",
		"[publisher.a]\ntext = \"#x\"\n[publisher.b]\ntext = \"#X\"":         "line 4: publisher.b.text: ",
		"[publisher.a]\ntext_style = \"x\"":                                  "line 2: publisher.a.text_style: ",
		"[publisher.a]\ntemplate = \"{{\"":                                   "line 2: publisher.a.template: ",
		"[publisher.a]\ntext_style = \"plain\"\ntemplate = \"{{.page}}\"":    "line 3: publisher.a.template: ",
		"[publisher.a]\nengine = \"x\"":                                      "line 2: publisher.a.engine: ",
		"[publisher.a]\nbase = \"x\"":                                        "line 2: publisher.a.base: ",
		"[mediawiki]\nlisten = \"x\"\nnames = [\"a\"]":                       "line 2: mediawiki.listen: ",
		"proxies = [\"x\"]":                                                  "line 1: proxies: ",
		"[websocket]\norigins = [\"https://a/b\"]":                           "line 2: websocket.origins: ",
		"[websocket]\norigins = [\"\"]":                                      "line 2: websocket.origins: ",
		"[sts]\nenabled = true":                                              "line 2: sts.enabled: ",
		"[sts]\nport = 70000":                                                "line 2: sts.port: ",
		"[mediawiki]\nallow = [\"x\"]":                                       "line 2: mediawiki.allow: ",
		"[mediawiki]\nnames = [\"[\"]":                                       "line 2: mediawiki.names: ",
		"[mediawiki]\nlisten = \":0\"\nnames = []":                           "line 3: mediawiki.names: the door would let no wiki in",
		"[moin]\nwikis = { a = \"data\" }":                                   "line 2: moin.wikis: ",
		"[retention.\"moin\"]\nmax_count = 1":                                "line 1: retention.moin: ",
		"[retention.\"#a\"]\nmax_count = -1":                                 "line 2: retention.#a.max_count: ",
		"[dcc]\nports = \"50100-50000\"":                                     "line 2: dcc.ports: ",
		"[dcc]\naddress = \"bus.example.org\"":                               "line 2: dcc.address: ",
		"[chat]\nmax_total = -1":                                             "line 2: chat.max_total: ",
		"[replay]\ntext = 101":                                               "line 2: replay.text: ",
		"[limits]\nburst = -1":                                               "line 2: limits.burst: ",
		"[limits]\nlines = -1.0":                                             "line 2: limits.lines: ",
	} {
		path := writeFile(t, text)
		c, err := Load(path)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		problems := c.Check()
		Locate(path, problems)
		if len(problems) != 1 || !strings.Contains(problems[0].Error(), want) {
			t.Errorf("%q: %v; want one with %q", text, problems, want)
		}
	}
}

// TestSeparate: each feed has one readable channel, and each readable channel
// one feed, whatever is configured and in whatever order the accounts are.
func TestSeparate(t *testing.T) {
	c := quiet(t)
	c.Publishers = map[string]Publisher{
		"a": {Text: "#B"},       // somebody's packed channel
		"b": {Text: "#changes"}, // in which a publishes, too
		"d": {Text: "#e.text"},  // usually e's
	}
	b := startBus(t, c)
	for _, a := range []account.Account{
		{Name: "a", Channels: []string{"#b", "#x"}}, {Name: "b"}, {Name: "d", Channels: []string{"#X"}}, {Name: "e"},
	} {
		a.Role = account.Publisher
		if err := b.Accounts().Add(a, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.directory.refresh(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, wiki := range b.directory.wikis() {
		for _, feed := range wiki.Feeds {
			got = append(got, feed.Channel+" "+feed.Text)
		}
	}
	want := []string{"#a #a.text", "#b #changes", "#x #x.text", "#b #changes", "#d #d.text", "#X #X.text", "#e #e.text"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(Example)
	f.Add("[publisher.a]\ntext = \"#x\"\n[publisher]\nb.text = 1")
	f.Add("publisher.a.text = \"#x\"\nretention = []")
	f.Add("[[retention]]\nmax_age = \"1d\"\n\"#a\" = { max_count = 3 }")
	f.Fuzz(func(t *testing.T, text string) {
		path := writeFile(t, text)
		c, err := Load(path)
		if err != nil {
			if strings.Contains(err.Error(), "panic") {
				t.Error(err)
			}
			return
		}
		problems := c.Check()
		Locate(path, problems)
		for _, p := range problems {
			if p.Line < 0 || p.Line > strings.Count(text, "\n")+1 || p.Error() == "" {
				t.Errorf("%q: %v", text, p)
			}
		}
	})
}
