package e2e

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMoin20: what Moin 2.0 tells its handlers, in the order in which it does.
func TestMoin20(t *testing.T) {
	m := newMoin(t, "")
	m.sh("", m.says("ircbus_moin /srv/moin2/"))
	writeFile(t, m.path("moin2/wikiconfig.py"), "import os\n"+m.says("import ircbus_moin.moin20")+"\nclass Config:\n    interwikiname = 'MyMoin'\n    "+
		strings.ReplaceAll(m.says(`ircbus_url = "`), "\n", "\n    ")+"\nMOINCFG = Config\n")
	m.run("wiki20.py", m.path("moin2/wikiconfig.py"))
	const (
		first   = `{"name": ["One", "Alias"], "namespace": "", "itemid": "i", "revid": "r1", "rev_number": 1, "mtime": 1795663446, "size": 3, "comment": "anon & first", "address": "192.0.2.1", "contenttype": "text/x"}`
		second  = `{"name": ["Two"], "namespace": "ns", "itemid": "i", "revid": "r2", "parentid": "r1", "rev_number": 2, "mtime": 1795663447, "size": 4, "userid": "u"}`
		deleted = `{"name_old": ["Two"], "namespace": "ns", "itemid": "i", "revid": "r3", "rev_number": 3, "mtime": 1795663448, "size": 4, "userid": "u", "comment": "ישן"}`
	)
	for _, signal := range []string{
		`{"fqname": "One", "action": "SAVE", "new_data": 1, "new_meta": ` + first + `}`,
		`{"fqname": "One", "action": "SAVE", "new_meta": ` + first + `}`, // once more, of an upload
		`{"fqname": "One", "action": "RENAME", "user": "u", "data": 1, "meta": ` + first + `, "new_data": 1, "new_meta": ` + second + `}`,
		`{"fqname": "ns/Two", "action": "TRASH", "user": "u", "data": 1, "meta": ` + second + `}`,
		`{"fqname": "ns/@itemid/i", "action": "TRASH", "user": "u", "data": 1, "meta": ` + second + `, "new_data": 1, "new_meta": ` + deleted + `}`,
		`{"fqname": "x", "action": "SAVE", "user": "u", "new_data": 1, "new_meta": {"name": ["x"], "itemid": "private", "revid": "p", "mtime": 1}}`,
		`{"fqname": "x", "action": "SAVE", "user": "u", "new_data": 1, "new_meta": {}}`, // nothing that Moin does
		`{"fqname": "ns/@itemid/i", "action": "DESTROY_ALL", "user": "u", "data": 1, "meta": ` + deleted + `}`,
	} {
		if said := m.does(signal); said != "ok" {
			t.Fatalf("%s: %s", signal, said)
		}
	}
	got := m.has("moinmaster", 4)
	got[3] = regexp.MustCompile("&time=[^&]+").ReplaceAllString(got[3], "") // Moin does not say when
	want := []string{
		"wiki=MyMoin&page=One&action=SAVENEW&user=192.0.2.1&time=2026-11-26T03:24:06.000000Z&comment=anon+%26+first&rev=1&size=3&name=Alias&itemid=i&revid=r1&contenttype=text/x&addr=192.0.2.1&key=r1",
		"wiki=MyMoin&page=ns/Two&action=SAVE/RENAME&user=Ann&time=2026-11-26T03:24:07.000000Z&rev=2&oldrev=1&size=4&oldsize=3&ns=ns&old_name=ns/One&itemid=i&revid=r2&parentid=r1&userid=u&key=r2",
		"wiki=MyMoin&page=ns/Two&action=SAVE/DELETE&user=Ann&time=2026-11-26T03:24:08.000000Z&comment=ישן&rev=3&oldrev=2&size=4&oldsize=4&ns=ns&itemid=i&revid=r3&userid=u&key=r3",
		"wiki=MyMoin&page=ns/Two&action=DESTROY_ALL&user=Ann&ns=ns&itemid=i&revid=r3&userid=u&key=DESTROY_ALL+r3",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(m.logged(), "the bus is not told of a change") {
		t.Errorf("the log has %s", m.logged())
	}
}
