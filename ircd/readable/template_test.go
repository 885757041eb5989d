package readable

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTemplate(t *testing.T) {
	for _, c := range []struct{ template, query, want string }{
		{`{{.page}}: {{.user}}`, "page=A&user=B&user=C", "A: B"},
		{`{{.id}} {{.channel}} {{.publisher}} {{.nothing}}.`, "page=A", "7 #moin moin ."},
		{`{{bold .page}}{{bold .nothing}} {{colour "red" .user}}{{if .minor}} m{{end}}`, "page=A&user=B&minor=1", "\x02A\x02 \x0304B\x0F m"},
		{`{{size .}} {{flags .}} {{decode .comment}}`, "size=1&oldsize=9&bot=1&comment=a %26amp; b", "-8 bot a & b"},
		{`{{index . "log_params.target"}}`, "log_params.target=T", "T"},
		{`{{plain .}}`, "page=A&user=B", "A by B"},
		{"{{.page}}\r\n{{.user}}\n", "page=A&user=B", "A B"},
		{`{{ltr .user}} {{.size}}`, "user=פלוני&size=5", "פלוני\u200E 5"},
		{`{{if .page}}{{slice .page 0 5}}{{end}}`, "page=A&user=B", "A by B"}, // fails for this event only
	} {
		s, err := Parse(c.template)
		if err != nil {
			t.Errorf("%s: %v", c.template, err)
			continue
		}
		if diff := cmp.Diff(c.want, s.Line(event(t, c.query), 400)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.template, diff)
		}
	}
}

func TestTemplateMistakes(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{"{{.page", "unclosed action"},
		{"{{shout .page}}", `function "shout" not defined`},
		{`{{colour "mauve" .page}}`, `no colour "mauve"`},
		{"", "is empty"},
		{`{{range 100000}}{{$.page}}{{end}}`, "more than 65536 bytes"},
		{`{{.page.title}}`, "can't evaluate field title"},
	} {
		_, err := Parse(c.template)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, it should say %q", c.template, err, c.want)
		}
	}
}

func TestTemplateShortens(t *testing.T) {
	s, err := Parse(`[{{.page}}] {{.comment}} ({{.user}})`)
	if err != nil {
		t.Fatal(err)
	}
	got := s.Line(event(t, "page=A&user=B&comment="+strings.Repeat("c", 100)), 50)
	if want := "[A] " + strings.Repeat("c", 39) + "… (B)"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
