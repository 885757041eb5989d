package vcs

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// shown is a commit's event as a readable query string.
func shown(t testing.TB, c *Commit) string {
	t.Helper()
	f, err := ircbus.Accept(c.Fields(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return f.Encode()
}

func TestGitLog(t *testing.T) {
	commits, err := ParseGitLog(read(t, "git-log.bin"))
	if err != nil {
		t.Fatal(err)
	}
	const editor = "&email=editor@wiki.example"
	var got []string
	for i := range commits {
		got = append(got, strings.ReplaceAll(shown(t, &commits[i]), "action=commit&user=Editor+עורך&time=2026-11-20T18:", ""))
	}
	want := []string{
		"27:33Z&rev=4d13a58191923ea1cfbe538a865d5cdafdbf9149&comment=First+commit&files_changed=1&insertions=1&deletions=0" + editor + "&files=README.md",
		"27:35Z&rev=0f3176ba34a903f540fc71c700f552925a6212fc&oldrev=4d13a58191923ea1cfbe538a865d5cdafdbf9149&comment=שינוי+בעברית:+תיקון&files_changed=2&insertions=2&deletions=0" + editor +
			"&body=Body+line+one.%0ABody+line+two+with+\"quotes\"+and+<tags>.%0A%0ASigned-off-by:+Editor+<editor@wiki.example>&files=README.md&files=דפים/עמוד+ראשון.md",
		"27:37Z&rev=df7b3e54d9d71509c64e42139237e829024613af&oldrev=0f3176ba34a903f540fc71c700f552925a6212fc&comment=Add+f&files_changed=1&insertions=1&deletions=0" + editor + "&files=f.txt",
		"27:40Z&rev=ddbbb83833ff92495bff25153ac5705f265c1304&oldrev=df7b3e54d9d71509c64e42139237e829024613af&comment=Commit+1+of+3&files_changed=1&insertions=1&deletions=0" + editor + "&files=many.txt",
		"27:40Z&rev=ec42e5204534539773fbf94d55114217febc97fa&oldrev=ddbbb83833ff92495bff25153ac5705f265c1304&comment=Commit+2+of+3&files_changed=1&insertions=1&deletions=0" + editor + "&files=many.txt",
		"27:41Z&rev=efb68d2ddb1270fff6be9a5b14c5a7e31b48ec8c&oldrev=ec42e5204534539773fbf94d55114217febc97fa&comment=Commit+3+of+3&files_changed=1&insertions=1&deletions=0" + editor + "&files=many.txt",
		"27:41Z&rev=fa75817bb71e122c5174499da16d99cd11252d64&oldrev=0f3176ba34a903f540fc71c700f552925a6212fc&merged=efb68d2ddb1270fff6be9a5b14c5a7e31b48ec8c&comment=Merge+feature&insertions=0&deletions=0" + editor,
		"27:43Z&rev=788478359de323e2ccb54dd80ee29b83e5cd3420&oldrev=fa75817bb71e122c5174499da16d99cd11252d64&comment=Rename,+amended&files_changed=1&insertions=0&deletions=0" + editor + "&author_time=2026-11-20T18:27:41Z&files=READ.md",
		"28:15Z&rev=6a93c402d2aa704d0d4789570fddacfc33b551dc&oldrev=788478359de323e2ccb54dd80ee29b83e5cd3420&comment=With+push+options&files_changed=1&insertions=1&deletions=0" + editor + "&files=READ.md",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestGitTag(t *testing.T) {
	got := parseGitTag([]byte("object df7b\ntype commit\ntag v1.0\ntagger A <b> C <a@x.example> 1795199258 +0200\n\nשחרור\n\nmore\n-----BEGIN PGP SIGNATURE-----\nxx\n"))
	want := gitTag{"A <b> C", "a@x.example", "שחרור\n\nmore\n", time.Unix(1795199258, 0).UTC()}
	if got != want {
		t.Errorf("%+v", got)
	}
}

func TestHgLog(t *testing.T) {
	commits, err := ParseHgLog(read(t, "hg-log.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	const ed = "action=commit&user=Ed+עורך&time=2023-11-14T22:"
	want := []string{
		ed + "13:20Z&branch=default&rev=c5c25d1523f45240d12a814a2fd3dfe6f2f36d4b&comment=First+\"quoted\"&files_changed=1&insertions=1&deletions=0&email=ed@x.example&body=body+line&files=a.txt",
		ed + "15:00Z&branch=stable&rev=b7b12b7627b6894c384397b87cfdb16d42c72d16&oldrev=c5c25d1523f45240d12a814a2fd3dfe6f2f36d4b&comment=תיקון&files_changed=1&insertions=1&deletions=0&email=ed@x.example&files=b+c.txt",
		ed + "16:40Z&branch=default&rev=1160e218d7b45f9789d4742e20c07b6ae0e2b1e8&oldrev=c5c25d1523f45240d12a814a2fd3dfe6f2f36d4b&comment=c&files_changed=1&insertions=1&deletions=0&email=ed@x.example&files=a.txt",
		ed + "18:20Z&branch=default&rev=7d849cf1743f531bf80579a8f07ad3963d191a8c&oldrev=1160e218d7b45f9789d4742e20c07b6ae0e2b1e8&merged=b7b12b7627b6894c384397b87cfdb16d42c72d16&comment=merge&insertions=1&deletions=0&email=ed@x.example&tag=v1",
		ed + "20:00Z&branch=default&rev=8169d6b900a79c04c8565af1869c8f1bf4fc21c8&oldrev=7d849cf1743f531bf80579a8f07ad3963d191a8c&comment=Added+tag+v1+for+changeset+7d849cf1743f&files_changed=1&insertions=1&deletions=0&email=ed@x.example&files=.hgtags",
	}
	var got []string
	for i := range commits {
		got = append(got, shown(t, &commits[i]))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSubversion(t *testing.T) {
	var got []string
	for r := 1; r <= 6; r++ {
		c, err := ParseSvnInfo(read(t, fmt.Sprint("svn-info-", r)))
		if err != nil {
			t.Fatal(err)
		}
		c.Files = ParseSvnChanged(read(t, fmt.Sprint("svn-changed-", r)))
		c.Module, c.Branch = svnBranch(c.Files)
		got = append(got, strings.TrimPrefix(shown(t, c), "action=commit&user="))
	}
	want := []string{
		"editor&time=2026-11-20T18:28:17Z&comment=Layout&files_changed=3&files=branches/&files=tags/&files=trunk/",
		"editor&time=2026-11-20T18:28:18Z&branch=trunk&comment=First+file&files_changed=1&files=trunk/README",
		"עורך&time=2026-11-20T18:28:18Z&branch=trunk&comment=Corrected+log+message&files_changed=3&files=trunk/README&files=trunk/דפים/&files=trunk/דפים/עמוד+ראשון",
		"editor&time=2026-11-20T18:28:19Z&branch=trunk&comment=Rename+and+property&files_changed=2&files=trunk/READ&files=trunk/README",
		"editor&time=2026-11-20T18:28:19Z&branch=trunk&files_changed=1&files=trunk/READ",
		"editor&time=2026-11-20T18:28:19Z&branch=tags/1.0&comment=Tag+1.0&files_changed=1&files=tags/1.0/",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for path, want := range map[string][2]string{
		"proj/sub/branches/1.0/a.c": {"proj/sub", "1.0"}, "branches/": {"", ""}, "README": {"", ""}, "x/trunk/": {"x", "trunk"},
	} {
		if module, branch := svnPlace(path); module != want[0] || branch != want[1] {
			t.Errorf("%s: %q %q", path, module, branch)
		}
	}
}

// recordedCVS are the calls of loginfo by CVS 1.12.
func recordedCVS(t testing.TB) (calls []cvsCall) {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(string(read(t, "cvs.jsonl"))))
	for lines.Scan() {
		var c struct {
			Hook  string
			Argv  []string
			Stdin string
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if c.Hook == "loginfo" { // %c %I %R %p %r %{sVv}
			a := c.Argv
			calls = append(calls, cvsCall{append([]string{a[2], a[5], a[4]}, a[6:]...), c.Stdin})
		}
	}
	return calls
}

type cvsCall struct {
	args  []string
	stdin string
}

func TestLoginfo(t *testing.T) {
	const root = "&project=proj&repo=/srv/vcs/cvsroot&module=proj"
	want := []string{
		"user=lynx" + root + "&comment=Initial+import&files_changed=2&files=proj/a.txt&files=proj/sub/b.txt&commitid=1006B00915A48005AC8&title=Imported+sources&vendor_tag=vendor&release_tags=start",
		"user=lynx" + root + "&rev=1.2&oldrev=1.1.1.1&comment=Change+two+directories&files_changed=1&body=second+line:+שינוי+בעברית+\"quoted\"&files=a.txt&commitid=1006B00915B483231CE&revisions=a.txt,1.1.1.1,1.2",
		"user=lynx" + root + "/sub&rev=1.2&oldrev=1.1.1.1&comment=Change+two+directories&files_changed=1&body=second+line:+שינוי+בעברית+\"quoted\"&files=b.txt&commitid=1006B00915B483231CE&revisions=b.txt,1.1.1.1,1.2",
		"user=lynx" + root + "&comment=Add+a+file+with+a+space+and+a+Hebrew+one&files_changed=2&files=file+with+space.txt&files=קובץ.txt&commitid=1006B00915D48EE04BF&revisions=file+with+space.txt,NONE,1.1&revisions=קובץ.txt,NONE,1.1",
		"user=lynx" + root + "&oldrev=1.2&comment=Remove+a.txt&files_changed=1&files=a.txt&commitid=1006B00915E494D3981&revisions=a.txt,1.2,NONE",
		"user=lynx" + root + "/sub&branch=stable&rev=1.2.2.1&oldrev=1.2&comment=On+the+branch&files_changed=1&files=b.txt&commitid=1006B0091604B165BA7&revisions=b.txt,1.2,1.2.2.1",
	}
	env := func(key string) string { return map[string]string{"CVS_USER": "lynx", "USER": "cvsd"}[key] }
	var got []string
	for _, call := range recordedCVS(t) {
		events, err := CVS(call.args, []byte(call.stdin), env, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range events {
			if len(f.Get("key")) < 20 || f.Get("time") == "" {
				t.Errorf("key or time are missing: %v", f)
			}
			var shown ircbus.Fields
			for _, field := range f {
				if field.Key != "key" && field.Key != "time" && field.Key != "action" {
					shown = append(shown, field)
				}
			}
			got = append(got, shown.Canonical().Encode())
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The forms of loginfo's arguments that were in use before CVS 1.12.13.
func TestLoginfoForms(t *testing.T) {
	const stdin = "Update of /cvs/psyced/place\nIn directory h:/x\n\nModified Files:\n      Tag: t\n\ta.c \nLog Message:\nnew feed url\n"
	files := []CVSFile{{"a.c", "1.1", "1.2"}, {"b c.h", "NONE", "1.1"}}
	names := []CVSFile{{Name: "a.c"}, {Name: "b.h"}}
	for _, c := range []struct {
		what string
		args []string
		want Loginfo
	}{
		{"cvs2psyc's", []string{"/cvs", "psyced/place", "a.c b.h"}, Loginfo{Root: "/cvs", Module: "psyced/place", Files: names}},
		{"cvs2psyc's, one word a file", []string{"/cvs", "psyced/place", "a.c", "b.h"}, Loginfo{Root: "/cvs", Module: "psyced/place", Files: names}},
		{"1.11 %{sVv}", []string{"psyced/place a.c,1.1,1.2 b c.h,NONE,1.1"}, Loginfo{Root: "/cvs", Module: "psyced/place", Files: files}},
		{"1.11 %s", []string{"psyced/place a.c b.h"}, Loginfo{Root: "/cvs", Module: "psyced/place", Files: names}},
		{"1.11 with $CVSROOT", []string{"/cvs", "psyced/place a.c b.h"}, Loginfo{Root: "/cvs", Module: "psyced/place", Files: names}},
		{"1.11 import", []string{"psyced/place - Imported sources"}, Loginfo{Root: "/cvs", Module: "psyced/place", Title: "Imported sources"}},
		{"new directory", []string{"/cvs", "psyced/place", "- New directory", "NONE", "NONE"}, Loginfo{Root: "/cvs", Module: "psyced/place", Title: "New directory"}},
		{"no repository", []string{"psyced/place", "a.c", "1.1", "1.2", "b c.h", "NONE", "1.1"}, Loginfo{Root: "/cvs", Module: "psyced/place", Files: files}},
		{"everything", []string{"1006B00915A48005AC8", "/cvs", "psyced/place", "a.c", "1.1", "1.2", "b c.h", "NONE", "1.1"},
			Loginfo{CommitID: "1006B00915A48005AC8", Root: "/cvs", Module: "psyced/place", Files: files}},
	} {
		c.want.Tag, c.want.Message = "t", "new feed url"
		got, err := ParseLoginfo(c.args, []byte(stdin))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
		} else if diff := cmp.Diff(&c.want, got); diff != "" {
			t.Errorf("%s: %s", c.what, diff)
		}
	}
	if events, err := CVS([]string{"/cvs", "x", "- New directory"}, nil, func(string) string { return "" }, Options{}); events != nil || err != nil {
		t.Errorf("a new directory is told: %v, %v", events, err)
	}
	if _, err := ParseLoginfo([]string{}, nil); err == nil {
		t.Error("no arguments are taken")
	}
}

// An event that is too large for the bus loses first what matters least.
func TestLimits(t *testing.T) {
	c := Commit{Rev: "1", Project: "p", Message: "subject\n\n" + strings.Repeat("שורה\n", 5000), Key: "k", Changed: -1}
	for i := range 1000 {
		c.Files = append(c.Files, fmt.Sprintf("src/%0100d", i))
	}
	f, err := ircbus.Accept(c.Fields(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if f.Get("comment") != "subject" || f.Get("files_changed") != "1000" || f.Get("files_omitted") != "971" || !strings.HasSuffix(f.Get("body"), "…") {
		t.Errorf("%.300q", f.Encode())
	}
}

func TestLink(t *testing.T) {
	o := Options{Project: "a b", Link: "https://x.example/{project}/{repo}/{branch}?id={rev}"}
	if got := o.link("r", "feature/ק", "12"); got != "https://x.example/a%20b/r/feature/%D7%A7?id=12" {
		t.Error(got)
	}
	for template, ok := range map[string]bool{o.Link: true, "x": false, "https://x/{revision}": false, "%": false} {
		if err := CheckLink(template); (err == nil) != ok {
			t.Errorf("%s: %v", template, err)
		}
	}
}

func TestMoves(t *testing.T) {
	got, err := ParseMoves([]byte("0000 4d13 refs/heads/main\n4d13 0000 refs/heads/עברית x\r\n"))
	if diff := cmp.Diff([]Move{{"0000", "4d13", "refs/heads/main"}, {"4d13", "0000", "refs/heads/עברית x"}}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, err := ParseMoves([]byte("GET / HTTP/1.1\n")); err == nil {
		t.Error("anything is taken")
	}
}
