package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
)

// TestMail follows docs/doors/mail.md with Debian's procmail, maildrop and exim:
// the person's irssi says that there is mail, and the list's mail is in its
// channel.
func TestMail(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "mail") // t.TempDir is too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, mode := range map[string]os.FileMode{dir: 0o755, filepath.Join(dir, "exim"): 0o777} { // exim has a user of its own
		if err := errors.Join(os.MkdirAll(name, mode), os.Chmod(name, mode)); err != nil {
			t.Fatal(err)
		}
	}
	socket, lmtp := filepath.Join(dir, "s"), freePort(t)
	b := startBus(t, fmt.Sprintf("[mail]\nsocket = %q\nlisten = %q\n[mail.people]\n%q = \"anna\"\n[mail.publishers]\n\"wiki-changes\" = \"changes\"\n",
		socket, "127.0.0.1:"+lmtp, me.Username))
	anna := startIrssi(t, b, b.account("anna", "user")).(irssi)
	anna.enter("/query mail")

	conf := file(t, dir, "exim.conf", eximConf(dir, lmtp))
	if err := os.Chmod(conf, 0o644); err != nil {
		t.Fatal(err)
	}
	pipe := program + " mail --socket " + socket
	for name, cmd := range map[string]*exec.Cmd{
		"procmail": exec.Command("procmail", "-m", file(t, dir, "procmailrc",
			"SHELL=/bin/sh\nDEFAULT="+dir+"/procmail.box\nLOGFILE="+dir+"/procmail.log\n:0 hcw\n| "+pipe+"\n:0\n$DEFAULT\n")),
		"maildrop": exec.Command("maildrop", file(t, dir, "mailfilter",
			"cc \"| "+pipe+"\"\nto \""+dir+"/maildrop.box\"\n")),
		"exim": exec.Command("/usr/sbin/exim4", "-C", conf, "-odf", "-oi", "wiki-changes@example.org"),
	} {
		t.Run(name, func(t *testing.T) {
			cmd.Stdin = strings.NewReader(fmt.Sprintf("From: Bert <bert@example.org>\nTo: x@example.org\nSubject: =?utf-8?Q?hello_from_%s_=C3=BC?=\n\nThe text.\n", name))
			cmd.Env = append(os.Environ(), "HOME="+dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if name == "exim" {
				waitFor(t, "the list's mail", func() bool {
					return strings.Contains(strings.Join(changesXML(t, "http://"+b.http), ""), "hello from exim ü")
				})
				return
			}
			waitFor(t, "irssi to tell of the mail", func() bool { return anna.shows("Mail from Bert: hello from " + name + " ü") })
			if box, err := os.ReadFile(filepath.Join(dir, name+".box")); err != nil || !strings.Contains(string(box), "The text.") {
				t.Errorf("the mail itself was not delivered: %v %s", err, box)
			}
		})
	}
}

// file writes a file that is its owner's alone, and returns its name.
func file(t *testing.T, dir, name, text string) string {
	t.Helper()
	name = filepath.Join(dir, name)
	writeFile(t, name, text)
	return name
}

// eximConf is an exim that does nothing but hand mail over by LMTP.
func eximConf(dir, port string) string {
	return fmt.Sprintf(`
primary_hostname = example.org
spool_directory = %[1]s/exim
log_file_path = %[1]s/exim/%%s.log
keep_environment =
domainlist local_domains =
begin routers
ircbus:
  driver = accept
  transport = ircbus
begin transports
ircbus:
  driver = smtp
  protocol = lmtp
  hosts = 127.0.0.1
  hosts_override
  port = %[2]s
  allow_localhost
begin retry
* * F,1h,1m
`, dir, port)
}
