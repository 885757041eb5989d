package e2e

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestContribPHP looks at all PHP of contrib, and lets the plugins for which Debian
// has no website publish from a stand-in of it.
func TestContribPHP(t *testing.T) {
	err := filepath.WalkDir(contrib, func(name string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(name, ".php") || strings.HasSuffix(name, ".module") {
			if output, code := php(t, "-l", name); code != 0 {
				t.Errorf("%s: %s", name, output)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b := startBus(t)
	for plugin, want := range map[string][]string{
		"phpbb": {
			"SAVENEW | Topic & 2 | anna | text <3 | http://board.example/viewtopic.php?p=20#p20",
			"comment | Topic & 2 | Guest | text <3 | http://board.example/viewtopic.php?p=21#p21",
			"SAVE/RENAME | Topic & 2 | anna | why | http://board.example/viewtopic.php?p=20#p20",
			"comment_deleted | Topic & 2 | anna |  | http://board.example/viewtopic.php?t=2",
			"comment | Topic & 2 | anna |  | http://board.example/viewtopic.php?p=22#p22",
			"comment | Topic & 2 | anna |  | http://board.example/viewtopic.php?p=23#p23",
			"SAVE/DELETE | Topic & 2 | anna |  | http://board.example/viewtopic.php?t=2",
			"SAVE/DELETE | Topic & 2 | anna |  | http://board.example/viewtopic.php?t=2",
			"move | Topic & 2 | anna |  | http://board.example/viewtopic.php?t=2",
			"user_created |  | carla |  | ",
			"user_deleted |  | carla |  | ",
		},
		"drupal": {
			"SAVENEW | One | anna | first | http://site.example/1",
			"SAVE | One | anna | second | http://site.example/1",
			"SAVE/RENAME | Two | anna |  | http://site.example/1",
			"SAVE/DELETE | Two | anna |  | ",
			"comment | One | Bert | well & said | http://site.example/4",
			"comment_deleted | One | anna |  | ",
			"ATTNEW | a.txt | anna |  | http://site.example/a.txt",
			"ATTDEL | a.txt | anna |  | ",
			"user_created |  | carla |  | ",
			"user_deleted |  | carla |  | ",
		},
	} {
		t.Run(plugin, func(t *testing.T) {
			dir := t.TempDir()
			s := newSite(t, b, plugin, dir)
			copied := filepath.Join(dir, "copy")
			install(t, plugin, copied)
			s.open()
			if output, code := php(t, "testdata/"+plugin+".php", s.config, copied); code != 0 || output != "" {
				t.Fatalf("the stand-in ended with %d: %s", code, output)
			}
			if diff := cmp.Diff(want, s.told(len(want), "action", "page", "user", "comment", "url")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
