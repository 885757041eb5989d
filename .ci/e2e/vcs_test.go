package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

// vcs is a place for repositories whose hooks publish as the account "code".
type vcs struct {
	t    *testing.T
	bus  *bus
	dir  string
	code person
}

func newVCS(t *testing.T, b *bus) *vcs {
	t.Helper()
	v := &vcs{t: t, bus: b, dir: t.TempDir(), code: b.account("code", "publisher")}
	writeFile(t, v.path("secret"), v.code.password+"\n")
	if err := os.Chmod(v.path("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *vcs) path(name string) string { return filepath.Join(v.dir, name) }

// documented is the first block of a page in docs/doors that has the words, with
// this test's places in it.
func (v *vcs) documented(page, words string) string {
	v.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "doors", page))
	if err != nil {
		v.t.Fatal(err)
	}
	for block := range strings.SplitSeq(string(text), "\n\n") {
		if strings.HasPrefix(block, "    ") && strings.Contains(block, words) {
			block = strings.ReplaceAll("\n"+block, "\n    ", "\n")[1:] + "\n"
			return strings.NewReplacer("/usr/bin/ircbus ", program+" ", " ircbus ", " "+program+" ", "127.0.0.1:6667", v.bus.irc,
				"/etc/ircbus/code", v.path("secret"), "/var/spool/ircbus/code", v.path("spool")).Replace(block)
		}
	}
	v.t.Fatalf("docs/doors/%s has no block with %q", page, words)
	return ""
}

// sh runs a script in a directory, with the names of people that the tests expect.
func (v *vcs) sh(dir, script string) string {
	v.t.Helper()
	cmd := exec.Command("sh", "-e", "-c", script)
	cmd.Dir = v.path(dir)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+v.dir, "GIT_AUTHOR_NAME=Ann עורך", "GIT_AUTHOR_EMAIL=ann@x.example",
		"GIT_COMMITTER_NAME=Ann עורך", "GIT_COMMITTER_EMAIL=ann@x.example", "HGUSER=Ann עורך <ann@x.example>", "LOGNAME=ann", "USER=ann", "CVSROOT="+v.path("cvs"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		v.t.Fatalf("%s\n%v\n%s", script, err, out)
	}
	return string(out)
}

// script writes an executable file.
func (v *vcs) script(name, text string) {
	v.t.Helper()
	writeFile(v.t, v.path(name), text)
	if err := os.Chmod(v.path(name), 0o700); err != nil {
		v.t.Fatal(err)
	}
}

// told are the events as "action branch-or-tag comment files".
func (v *vcs) told() (all []string) {
	for _, e := range v.bus.events("code") {
		f := e.Fields
		words := []string{f.Get("action")}
		for _, key := range []string{"branch", "tag", "comment", "forced"} {
			if f.Has(key) {
				words = append(words, f.Get(key))
			}
		}
		words = append(words, slices.Collect(f.Values("files"))...)
		all = append(all, strings.Join(words, " "))
	}
	return all
}

func (v *vcs) want(want ...string) {
	v.t.Helper()
	if diff := cmp.Diff(want, v.told()); diff != "" {
		v.t.Error(diff)
	}
}

// TestGit pushes in every way to a repository with the documented hook, also while
// the bus is away.
func TestGit(t *testing.T) {
	v := newVCS(t, startBus(t))
	v.sh("", "git init -q --bare -b main proj.git && git init -q -b main wc")
	hook := v.documented("git.md", "ircbus hook git")
	v.script("proj.git/hooks/post-receive", hook)
	v.sh("wc", `git remote add origin ../proj.git
		echo 1 >README.md; git add .; git commit -qm 'First'; git push -q origin main
		mkdir דפים; echo 2 >'דפים/עמוד ראשון'; git add .; git commit -qm 'תיקון

		body'; git checkout -qb feature; echo 3 >c; git add .; git commit -qm 'Third'; git push -q origin main feature
		git checkout -q main; git merge -q feature; git push -q origin main
		git tag -am 'Release' v1; git push -q origin v1
		git commit -q --amend -m 'Third, amended'; git push -qf origin main`)
	v.script("proj.git/hooks/post-receive", strings.Replace(hook, v.bus.irc, "127.0.0.1:1", 1))
	v.sh("wc", `echo 4 >d; git add .; git commit -qm 'While the bus is away'; git push -q origin main`)
	v.script("proj.git/hooks/post-receive", hook)
	v.sh("wc", `git push -q origin :feature :v1`)
	v.want("create main", "commit main First README.md",
		"commit main תיקון דפים/עמוד ראשון", "create feature", "commit feature Third c",
		"update main", "create v1 Release", "update main 1", "commit main Third, amended c",
		"commit main While the bus is away d", "delete feature", "delete v1")
	last := v.bus.events("code")[1].Fields
	if last.Get("user") != "Ann עורך" || last.Get("email") != "ann@x.example" || last.Get("url") != "https://git.example.org/proj/commit/?id="+last.Get("rev") || last.Get("body") != "" {
		t.Errorf("%v", last)
	}
}

// TestGitMany: a push of 10,000 commits, each of which is told.
func TestGitMany(t *testing.T) {
	v := newVCS(t, startBus(t))
	v.sh("", "git init -q --bare -b main proj.git && git init -q --bare wc.git")
	v.script("proj.git/hooks/post-receive", strings.TrimRight(v.documented("git.md", "ircbus hook git"), "\n")+" --limit 0\n")
	const commits = 10000
	var all bytes.Buffer
	for i := range commits {
		message := fmt.Sprint("commit ", i)
		fmt.Fprintf(&all, "commit refs/heads/main\ncommitter Ann <a@x.example> %d +0000\ndata %d\n%s\n", 1700000000+i, len(message), message)
	}
	writeFile(t, v.path("stream"), all.String())
	v.sh("wc.git", "git fast-import --quiet <../stream && git push -q ../proj.git main")
	v.sh("", program+" hook flush --irc "+v.bus.irc+" --account code --password-file secret --spool spool") // what 30 seconds were too short for
	events := v.bus.events("code")
	if len(events) != commits+1 {
		t.Fatalf("%d events", len(events))
	}
	for i, e := range events[1:] {
		if e.Fields.Get("comment") != fmt.Sprint("commit ", i) {
			t.Fatalf("%d: %v", i, e.Fields)
		}
	}
}

// TestCVS commits with the documented lines in loginfo, with those for 1.12 and with
// those of cvs2psyc.
func TestCVS(t *testing.T) {
	v := newVCS(t, startBus(t))
	v.sh("", `cvs -Q init; cvs -Q co CVSROOT; mkdir -p cvs/proj; cvs -Q co proj`)
	loginfo := func(line string) {
		writeFile(t, v.path("CVSROOT/loginfo"), line)
		v.sh("CVSROOT", `cvs -Q ci -m 'the hook' loginfo`)
	}
	documented := v.documented("cvs.md", "%I %r %p %{sVv}")
	loginfo(documented)
	v.sh("proj", `mkdir sub; cvs -Q add sub; echo 1 >'a b.txt'; echo 2 >sub/קובץ.c; cvs -Q add 'a b.txt' sub/קובץ.c; cvs -Q ci -m 'Two directories
second line "quoted"'
		cvs -Q tag -b stable; cvs -Q up -r stable; echo 3 >>'a b.txt'; cvs -Q ci -m 'On a branch'`)
	loginfo(strings.Replace(documented, "%I %r %p %{sVv}", "'%r' '%p' '%s'", 1))
	v.sh("proj", `cvs -Q up -A; echo 4 >>'a b.txt'; cvs -Q ci -m "As cvs2psyc's"`)
	var got []string
	for _, line := range v.told() {
		if !strings.Contains(line, "the hook") {
			got = append(got, line)
		}
	}
	want := []string{"commit Two directories a b.txt", "commit Two directories קובץ.c", "commit stable On a branch a b.txt", "commit As cvs2psyc's a b.txt"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, e := range v.bus.events("code") {
		f := e.Fields
		if f.Get("user") != "ann" || f.Get("repo") != v.path("cvs") || f.Get("module") == "" || f.Get("project") == "" {
			t.Errorf("%v", f)
		}
	}
}

// TestSubversion commits with the documented hooks, which Subversion runs without any
// environment.
func TestSubversion(t *testing.T) {
	v := newVCS(t, startBus(t))
	v.sh("", `svnadmin create repo`)
	hook := v.documented("subversion.md", "ircbus hook svn")
	v.script("repo/hooks/post-commit", hook)
	v.script("repo/hooks/post-revprop-change", hook)
	v.script("repo/hooks/pre-revprop-change", "#!/bin/sh\n")
	v.sh("", `svn -q mkdir --username ann -m Layout file://$PWD/repo/trunk file://$PWD/repo/branches
		svn -q co --username ann file://$PWD/repo/trunk wc; cd wc; echo 1 >'עמוד ראשון'; svn -q add 'עמוד ראשון'; svn -q ci -m 'תיקון
second line'; svn -q cp -m 'Branch' ^/trunk ^/branches/1.0; svn -q ps --revprop -r 2 svn:log 'Corrected' .`)
	v.want("commit Layout branches/ trunk/", "commit trunk תיקון trunk/עמוד ראשון", "commit 1.0 Branch branches/1.0/", "revprop/M Corrected")
	second := v.bus.events("code")[1].Fields
	if second.Get("user") != "ann" || second.Get("rev") != "2" || second.Get("body") != "second line" || second.Get("url") != "https://svn.example.org/repo/?rev=2" {
		t.Errorf("%v", second)
	}
}

// TestMercurial pushes to a repository with the documented hook, and commits in one
// with the hook for that.
func TestMercurial(t *testing.T) {
	v := newVCS(t, startBus(t))
	v.sh("", `hg init proj; hg clone -q proj wc`)
	hook := v.documented("mercurial.md", "changegroup.ircbus")
	writeFile(t, v.path("proj/.hg/hgrc"), hook)
	v.sh("wc", `echo 1 >'a b'; hg add -q 'a b'; hg ci -m 'First "quoted"'; hg branch -q stable; echo 2 >ב; hg add -q ב; hg ci -m 'תיקון'; hg push -q --new-branch`)
	writeFile(t, v.path("proj/.hg/hgrc"), strings.Replace(hook, "changegroup.", "incoming.", 1))
	v.sh("wc", `echo 3 >>'a b'; hg ci -m 'Third'; echo 4 >>'a b'; hg ci -m 'Fourth'; hg push -q`)
	writeFile(t, v.path("proj/.hg/hgrc"), strings.Replace(hook, "changegroup.", "commit.", 1))
	v.sh("proj", `hg up -q default; echo 5 >>'a b'; hg ci -m 'Fifth'`)
	v.want(`commit default First "quoted" a b`, "commit stable תיקון ב", "commit stable Third a b", "commit stable Fourth a b", "commit default Fifth a b")
	if f := v.bus.events("code")[1].Fields; f.Get("user") != "Ann עורך" || f.Get("project") != "proj" || f.Get("insertions") != "1" {
		t.Errorf("%v", f)
	}
}

// TestIrkerhook sends what Debian's irkerhook says of a commit, byte for byte, over TCP and
// UDP to a bus with the documented configuration.
func TestIrkerhook(t *testing.T) {
	listen := "127.0.0.1:" + freePort(t)
	v := &vcs{t: t, dir: t.TempDir(), bus: &bus{}}
	v.bus = startBus(t, strings.Replace(v.documented("irker.md", "[irker]"), "127.0.0.1:6659", listen, 1))
	v.sh("", `git init -q -b main wc; cd wc; git commit -qm 'First' --allow-empty; echo 1 >'a.c'; git add .; git commit -qm 'Fix the clock'
		git config irker.project proj; git config irker.color mIRC; git config irker.tinyifier none; 
		git config irker.urlprefix 'https://git.example.org/%(repo)s?'; git config irker.channels irc://localhost/irker`)
	message := v.sh("wc", `irkerhook -n --refname=refs/heads/main $(git rev-parse HEAD)`)
	if !json.Valid([]byte(message)) {
		t.Fatalf("irkerhook says %q", message)
	}
	for i, network := range []string{"tcp", "udp"} {
		conn, err := net.Dial(network, listen)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, strings.TrimSpace(message)); err != nil {
			t.Fatal(err)
		}
		if network == "tcp" { // irkerhook closes the connection without a line end
			conn.Close()
		}
		waitFor(t, "the event over "+network, func() bool { return len(v.bus.events("irker")) == i+1 })
	}
	f := v.bus.events("irker")[0].Fields
	rev := strings.TrimSpace(v.sh("wc", "git rev-parse --short HEAD"))
	want := ircbus.Fields{{Key: "user", Value: "Ann עורך"}, {Key: "project", Value: "proj"}, {Key: "branch", Value: "main"}, {Key: "rev", Value: rev}, {Key: "comment", Value: "Fix the clock"}, {Key: "files", Value: "a.c"}}
	for _, field := range want {
		if f.Get(field.Key) != field.Value {
			t.Errorf("%s is %q, not %q: %v", field.Key, f.Get(field.Key), field.Value, f)
		}
	}
}
