package e2e

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const dokuwikiDir = "/usr/share/dokuwiki"

// newDokuwiki is Debian's DokuWiki with the plugin, where anna is the admin and
// everybody may read all but what is in the namespace secret.
func newDokuwiki(t *testing.T, b *bus) *site {
	t.Helper()
	dir := t.TempDir()
	s := newSite(t, b, "doku", dir)
	link(t, dokuwikiDir+"/lib/plugins", filepath.Join(dir, "plugins"))
	install(t, "dokuwiki", filepath.Join(dir, "plugins", "ircbus"))
	for _, name := range strings.Fields("conf data/attic data/cache data/index data/locks data/log data/media data/media_attic data/media_meta data/meta data/pages data/tmp") {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"conf/local.php": fmt.Sprintf("<?php\n$conf['title'] = 'Test & wiki'; $conf['savedir'] = '%s/data'; $conf['useacl'] = 1; $conf['superuser'] = '@admin';\n"+
			"$conf['autopasswd'] = 0; $conf['disableactions'] = ''; $conf['plugin']['ircbus']['config'] = '%s';\n", dir, s.config),
		"conf/acl.auth.php":   "*\t@ALL\t8\nsecret:*\t@ALL\t0\n",
		"conf/users.auth.php": fmt.Sprintf("anna:%x:Anna:anna@example.org:admin,user\n", md5.Sum([]byte(password))),
		"prepend.php":         fmt.Sprintf("<?php\ndefine('DOKU_CONF', '%[1]s/conf/');\ndefine('DOKU_PLUGIN', '%[1]s/plugins/');\n", dir),
	} {
		writeFile(t, filepath.Join(dir, name), text)
	}
	s.serve(dokuwikiDir, filepath.Join(dir, "prepend.php"))
	return s
}

var sectok = regexp.MustCompile(`name="sectok" value="([0-9a-f]*)"`)

// act posts the form of one of DokuWiki's actions and returns how long it took.
func (s *site) act(action, page string, fields ...string) time.Duration {
	s.t.Helper()
	token := sectok.FindStringSubmatch(s.get(s.url + "/doku.php?do=edit&id=" + page))
	if token == nil {
		s.t.Fatalf("DokuWiki's page for editing %s has no security token", page)
	}
	begin := time.Now()
	s.do(s.form("/doku.php", append(fields, "do", action, "id", page, "sectok", token[1])...), http.StatusOK)
	return time.Since(begin)
}

func TestDokuWiki(t *testing.T) {
	b := startBus(t)
	s := newDokuwiki(t, b)
	s.act("login", "start", "u", "anna", "p", password)

	s.hang()
	t.Logf("a save while the bus does not answer took %v", s.act("save", "start", "wikitext", "שלום", "summary", "first שלום"))
	s.close()
	nextSecond(t)
	t.Logf("a save while the bus is away took %v", s.act("save", "start", "wikitext", "שלום עולם", "summary", "second", "minor", "1"))
	s.act("save", "secret:plan", "wikitext", "not for everybody", "summary", "third")
	if n := len(s.waiting()); n != 2 {
		t.Errorf("%d events wait in the spool, not 2", n)
	}
	s.open()
	s.endPause()
	s.get(s.url + "/lib/exe/taskrunner.php?id=start") // a browser does that with every page
	s.told(2)

	first := s.bus.events(s.name)[0].Fields
	nextSecond(t)
	s.act("revert", "start", "rev", first.Get("rev"))
	nextSecond(t)
	s.act("save", "start", "wikitext", "", "summary", "")
	s.upload("wiki", "note.pdf")
	token := sectok.FindStringSubmatch(s.get(s.url + "/doku.php?do=edit&id=start"))[1]
	s.get(s.url + "/lib/exe/mediamanager.php?ns=wiki&delete=wiki:note.pdf&sectok=" + token)
	for _, id := range []string{"secret:cli", "cli"} {
		text := file(t, filepath.Dir(s.config), "text", id)
		args := []string{"-d", "auto_prepend_file=" + s.prepend, dokuwikiDir + "/bin/dwpage.php", "--user", "carla", "commit", "--message", "by program", text, id}
		if output, code := php(t, args...); code != 0 {
			t.Fatalf("dwpage.php ended with %d: %s", code, output)
		}
	}
	s.browser.Jar = nil // nobody is logged in
	s.act("register", "start", "save", "1", "login", "bert", "pass", password, "passchk", password, "fullname", "Bert", "email", "bert@example.org")

	want := []string{
		"SAVENEW | start | anna | first שלום |  |  | 8",
		"SAVE | start | anna | second | 1 | 8 | 17",
		"SAVE/REVERT | start | anna |",
		"SAVE/DELETE | start | anna | removed |  | 8 | 0",
		"ATTNEW | wiki:note.pdf | anna |  |  |  | 4",
		"ATTDEL | wiki:note.pdf | anna |  |  | 4 | ",
		"SAVENEW | cli | carla | by program |  |  | 3",
		"user_created |  | bert |  |  |  | ",
	}
	got := s.told(len(want), "action", "page", "user", "comment", "minor", "oldsize", "size")
	got[2] = got[2][:min(len(got[2]), len(want[2]))] // the comment has a time in it
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	second := s.bus.events(s.name)[1].Fields
	if second.Get("wiki") != "Test & wiki" || second.Get("oldrev") != first.Get("rev") {
		t.Errorf("the second event is %v", second)
	}
	if page := s.get(second.Get("diff")); !strings.Contains(page, `class="diff `) {
		t.Errorf("%s does not show the difference", second.Get("diff"))
	}
}

// nextSecond waits until the clock shows another second: that is how DokuWiki tells
// revisions apart.
func nextSecond(t *testing.T) {
	t.Helper()
	last := time.Now().Unix()
	waitFor(t, "the next second", func() bool { return time.Now().Unix() != last })
}

// upload sends a file as DokuWiki's media manager does.
func (s *site) upload(namespace, name string) {
	s.t.Helper()
	token := sectok.FindStringSubmatch(s.get(s.url + "/doku.php?do=edit&id=start"))[1]
	req, err := http.NewRequest("POST", s.url+"/lib/exe/ajax.php?call=mediaupload&ns="+namespace+"&qqfile="+name+"&sectok="+token,
		bytes.NewReader([]byte("text")))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	s.do(req, http.StatusOK)
}
