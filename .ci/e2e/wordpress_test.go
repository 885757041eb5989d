package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const wordpressDir = "/usr/share/wordpress"

// wordpress is Debian's WordPress on MariaDB, with the plugin.
type wordpress struct {
	*site
	password string // of anna, for programs
}

func newWordpress(t *testing.T, b *bus) *wordpress {
	t.Helper()
	dir, err := os.MkdirTemp("", "wordpress") // t.TempDir is too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := &wordpress{site: newSite(t, b, "blog", dir)}
	socket := startMariaDB(t, filepath.Join(dir, "db"))
	root, prepend := filepath.Join(dir, "root"), filepath.Join(dir, "prepend.php")
	link(t, wordpressDir, root, "wp-config.php", "wp-content")
	for _, name := range []string{"plugins", "themes", "uploads"} {
		if err := os.MkdirAll(filepath.Join(root, "wp-content", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	install(t, "wordpress", filepath.Join(root, "wp-content/plugins/ircbus"))
	writeFile(t, prepend, fmt.Sprintf("<?php\ndefine('ABSPATH', '%s/');\n$_SERVER['HTTP_HOST'] ??= 'localhost';\n", root))
	writeFile(t, filepath.Join(root, "wp-config.php"), fmt.Sprintf(`<?php
foreach (['AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT'] as $name) {
    define($name, 'test');
}
define('DB_NAME', 'wp'); define('DB_USER', 'wp'); define('DB_PASSWORD', ''); define('DB_HOST', 'localhost:%s');
define('WP_CONTENT_DIR', ABSPATH . 'wp-content'); define('WP_ENVIRONMENT_TYPE', 'local'); define(PHP_SAPI === 'cli' ? 'DISABLE_WP_CRON' : 'ALTERNATE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('IRCBUS_CONFIG', '%s');
$table_prefix = 'wp_';
require_once ABSPATH . 'wp-settings.php';
`, socket, w.config))
	w.serve(root, prepend)
	w.run(fmt.Sprintf(`define('WP_INSTALLING', true);
require_once ABSPATH . 'wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
function wp_new_blog_notification() {}
wp_install('Test & blog', 'anna', 'anna@example.org', true, '', '%s');
update_option('siteurl', '%[2]s'); update_option('home', '%[2]s'); update_option('comment_previously_approved', 0);`, password, w.url))
	w.password = w.run(`require_once ABSPATH . 'wp-load.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
if (activate_plugin('ircbus/ircbus.php') !== null) exit(1);
echo WP_Application_Passwords::create_new_application_password(1, ['name' => 'e2e'])[0];`)
	return w
}

// startMariaDB runs a database server without accounts and returns its socket.
func startMariaDB(t *testing.T, dir string) string {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	socket := dir + ".sock"
	args := []string{"--no-defaults", "--datadir=" + dir, "--socket=" + socket, "--pid-file=" + dir + ".pid", "--skip-networking", "--skip-grant-tables",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M"}
	if os.Getuid() == 0 {
		args = append(args, "--user=root")
	}
	start(t, exec.Command("/usr/sbin/mariadbd", args...), "mariadbd")
	waitFor(t, "MariaDB to be ready", func() bool {
		return exec.Command("mariadb", "--no-defaults", "--socket="+socket, "--execute=CREATE DATABASE IF NOT EXISTS wp").Run() == nil
	})
	return socket
}

// run runs PHP that must succeed and returns what it wrote.
func (w *wordpress) run(code string) string {
	w.t.Helper()
	output, status := php(w.t, "-r", "require '"+w.prepend+"'; "+code)
	if status != 0 {
		w.t.Fatalf("%s\nended with %d:\n%s", code, status, output)
	}
	return output
}

// rest calls WordPress's REST API as anna and returns the id in the answer.
func (w *wordpress) rest(method, path, body string) string {
	w.t.Helper()
	req, err := http.NewRequest(method, w.url+"/?rest_route=/wp/v2/"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.SetBasicAuth("anna", w.password)
	want := http.StatusCreated
	switch {
	case strings.HasPrefix(path, "media"):
		req.Header.Set("Content-Type", "application/pdf")
		req.Header.Set("Content-Disposition", `attachment; filename="note.pdf"`)
	default:
		req.Header.Set("Content-Type", "application/json")
	}
	if method == "DELETE" || strings.Contains(path, "/") {
		want = http.StatusOK
	}
	var answer struct{ ID json.Number }
	if err := json.Unmarshal([]byte(w.do(req, want)), &answer); err != nil {
		w.t.Fatal(err)
	}
	return answer.ID.String()
}

func TestWordPress(t *testing.T) {
	b := startBus(t)
	w := newWordpress(t, b)
	w.hang()
	begin := time.Now()
	post := w.rest("POST", "posts", `{"title": "Héllo <i>שלום</i> & all", "content": "one", "status": "publish"}`)
	t.Logf("a post while the bus does not answer took %v", time.Since(begin))
	w.close()
	begin = time.Now()
	w.rest("POST", "posts/"+post, `{"content": "one two"}`)
	t.Logf("a change while the bus is away took %v", time.Since(begin))
	draft := w.rest("POST", "posts", `{"title": "Draft", "content": "not yet", "status": "draft"}`)
	if n := len(w.waiting()); n != 2 {
		t.Errorf("%d events wait in the spool, not 2", n)
	}
	w.open()
	// WordPress's own jobs, which ask for new versions and much else, have time.
	w.run(`require_once ABSPATH . 'wp-load.php';
$later = [];
foreach (_get_cron_array() as $at => $jobs) $later[$at + 86400] = $jobs;
_set_cron_array($later);
if (wp_clear_scheduled_hook('ircbus_resume') !== 1) exit(1);
wp_schedule_event(time() - 1, 'ircbus_minute', 'ircbus_resume');`)
	w.endPause()
	w.get(w.url + "/") // any page, but it is blank: there is no theme
	w.told(2, "page")

	w.rest("POST", "posts/"+draft, `{"title": "Published", "status": "publish"}`)
	w.rest("POST", "posts/"+draft, `{"title": "Renamed"}`)
	w.do(w.form("/wp-comments-post.php", "comment_post_ID", post, "author", "Bert", "email", "bert@example.org", "comment", "well\n<b>said</b>"), http.StatusOK)
	w.rest("DELETE", "posts/"+post, "")
	w.rest("DELETE", "posts/"+draft+"&force=true", "")
	media := w.rest("POST", "media", "%PDF-1.4")
	w.rest("DELETE", "media/"+media+"&force=true", "")
	w.rest("POST", "users", `{"username": "carla", "email": "carla@example.org", "password": "`+password+`"}`)

	want := []string{
		"SAVENEW | Héllo שלום & all | anna |  |  | 3",
		"SAVE | Héllo שלום & all | anna |  | 3 | 7",
		"SAVENEW | Published | anna |  |  | 7",
		"SAVE/RENAME | Renamed | anna |  | 7 | 7",
		"comment | Héllo שלום & all | Bert | well said |  | ",
		"SAVE/DELETE | Héllo שלום & all | anna |  | 7 | 0",
		"SAVE/DELETE | Renamed | anna |  | 7 | 0",
		"ATTNEW | note | anna |  |  | 8",
		"ATTDEL | note | anna |  |  | ",
		"user_created |  | carla |  |  | ",
	}
	if diff := cmp.Diff(want, w.told(len(want), "action", "page", "user", "comment", "oldsize", "size")); diff != "" {
		t.Error(diff)
	}
	renamed := b.events("blog")[3].Fields
	if f := renamed; f.Get("wiki") != "Test & blog" || f.Get("old_name") != "Published" || f.Get("rev") == "" || f.Get("oldrev") == "" || f.Get("url") != w.url+"/?p="+draft {
		t.Errorf("the event of the new name is %s", f.Encode())
	}
}
