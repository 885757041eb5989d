package readable

import (
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// TestCaseA13: no line for people has an address that runs, in any style.
func TestCaseA13(t *testing.T) {
	styles := map[string]*Style{}
	for _, name := range []string{"plain", "colour", "mediawiki"} {
		style, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		styles[name] = style
	}
	style, err := Parse("{{.page}} {{.url}} {{.diff}} {{.history}} {{.html_url}} {{index . \"repository.url\"}} {{plain .}}")
	if err != nil {
		t.Fatal(err)
	}
	styles["template"] = style
	for _, body := range []string{
		"page=A&user=u&url=javascript:x&diff=data:x&history=vbscript:x&html_url=JAVASCRIPT:x&repository.url=javascript:x",
		"url=javascript:x", "html_url=javascript:x&a=b", "page=A&user=u&action=SAVE&notify_url=javascript:x",
		"page=A&user=u&action=SAVE&server_url=javascript:x&rev=1&oldrev=2", "url=+javascript:x&html_url=data:x&callback_URL=file:///x",
	} {
		fields, err := ircbus.Parse(body)
		if err != nil {
			t.Fatal(err)
		}
		for name, style := range styles {
			line := style.Line(&ircbus.Event{ID: 1, Channel: "#x", Publisher: "x", Fields: fields}, 400)
			for _, scheme := range []string{"javascript:", "data:", "vbscript:", "file:"} {
				if strings.Contains(strings.ToLower(line), scheme) {
					t.Errorf("%s of %s: %q", name, body, line)
				}
			}
		}
	}
	fields, err := ircbus.Parse("page=A&user=u&url=https://h/x")
	if err != nil {
		t.Fatal(err)
	}
	for name, style := range styles {
		if line := style.Line(&ircbus.Event{Fields: fields}, 400); !strings.Contains(line, "https://h/x") {
			t.Errorf("%s: %q", name, line)
		}
	}
}
