package irker

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// recorded are messages as they are sent; testdata/README.md says by what.
func recorded(t testing.TB) (lines []string) {
	t.Helper()
	file, err := os.Open("testdata/messages.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	return lines
}

// TestRecorded: every message becomes the events that it should be, by target.
func TestRecorded(t *testing.T) {
	var got []string
	for _, line := range recorded(t) {
		messages, err := Parse([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			for _, to := range m.To {
				for _, text := range m.Lines {
					got = append(got, to.Name+" "+describe(text, to, mapping.Flat{}).Fit(0).Encode())
				}
			}
		}
	}
	want := strings.Split(strings.TrimSpace(string(wanted(t))), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%s", diff, strings.Join(got, "\n"))
	}
}

func wanted(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/events.txt")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTargets(t *testing.T) {
	for address, want := range map[string]Target{
		"irc://chat.freenode.net/git-ciabot":        {"irc://chat.freenode.net/git-ciabot", "#git-ciabot", false},
		"irc://chat.freenode.net/#gpsd":             {"irc://chat.freenode.net/#gpsd", "#gpsd", false},
		"irc://h:6697/%23gpsd":                      {"irc://h:6697/%23gpsd", "#gpsd", false},
		"ircs://h/git-private?key=topsecret":        {"ircs://h/git-private", "#git-private", false},
		"ircs://:topsecret@chat.example.net/git":    {"ircs://chat.example.net/git", "#git", false},
		"irc://h/esr,isnick":                        {"irc://h/esr,isnick", "esr", true},
		"irc://h/&local":                            {"irc://h/&local", "&local", false},
		"irc://h/a/b/שלום":                          {"irc://h/שלום", "#שלום", false},
		"#plain":                                    {"#plain", "#plain", false},
		"irc://:a@b/c@h/x?key=secret":               {"irc://b/x", "#x", false},
		"ircs://user:pass@h/chan,isnick?key=secret": {"ircs://h/chan,isnick", "chan", true},
	} {
		got, err := parseTarget(address)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", address, got, err, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for line, says := range map[string]string{
		`{"to":"irc://h","privmsg":"x"}`:      "no channel",
		`{"to":"irc://:pw@h/","privmsg":"x"}`: "no channel",
		`{"to":[],"privmsg":"x"}`:             "0 addresses",
		`{"privmsg":"x"}`:                     "0 addresses",
		`{"to":{"a":7},"privmsg":"x"}`:        "0 addresses",
		`{"to":"irc://h/x","privmsg":"x"`:     "not a JSON object",
		`GET / HTTP/1.1`:                      "not a JSON object",
		`{"to":"irc://h/x","privmsg":"` + strings.Repeat(`a\n`, 65) + `"}`: "65 lines",
	} {
		if messages, err := Parse([]byte(line)); err == nil || len(messages) > 0 || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "pw@") {
			t.Errorf("%.60s: %v, %v", line, messages, err)
		}
	}
	// What is before a mistake counts.
	if messages, err := Parse([]byte(`{"to":"x","privmsg":"1"} {"to":"x","privmsg":"2"} x`)); err == nil || len(messages) != 2 {
		t.Errorf("%v, %v", messages, err)
	}
}

func TestPlain(t *testing.T) {
	if got := Plain("\x02\x0304,12red\x03 1\x0f \x1b[1;32mgreen\x1b[0m \x1d\x1f\x16x\x11\x1e \x04ff0000y"); got != "red 1 green x y" {
		t.Errorf("%q", got)
	}
}

func TestRules(t *testing.T) {
	if r, err := ParseRule("#gpsd* = #commits"); err != nil || r != (Rule{"gpsd*", "#commits"}) {
		t.Errorf("%+v, %v", r, err)
	}
	for _, text := range []string{"", "x", "=#x", "[=#x", "x=", "x=y"} {
		if r, err := ParseRule(text); err == nil {
			t.Errorf("%q is %+v", text, r)
		}
	}
}

// FuzzParse feeds anything: what comes out can be published, and has no secret.
func FuzzParse(f *testing.F) {
	for _, line := range recorded(f) {
		f.Add([]byte(line))
	}
	f.Add([]byte(`{"to":"ircs://:pw@h/x?key=pw","privmsg":"a\u0003"}{"to":["x"],"privmsg":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		messages, _ := Parse(data)
		for _, m := range messages {
			for _, to := range m.To {
				for _, text := range m.Lines {
					fields, err := ircbus.Accept(describe(text, to, mapping.Flat{}).Fit(0), 0)
					if err != nil {
						t.Fatal(err)
					}
					if strings.ContainsAny(fields.Get("text"), "\x02\x03\x0f") {
						t.Fatalf("%q", fields.Get("text"))
					}
				}
			}
		}
	})
}
