package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// hexchat is Debian's HexChat on an X server that nobody looks at. It is read by
// its logs.
type hexchat struct {
	t    *testing.T
	logs string
}

const hexchatConf = `version = 2.16.1
gui_slist_skip = 1
irc_nick1 = %[1]s
irc_user_name = %[1]s
irc_real_name = %[1]s
irc_extra_hilight = Physics
irc_join_delay = 0
irc_logging = 1
stamp_log = 1
stamp_log_format = %%H:%%M:%%S 
`

// F is 2 (the global nick), 4 (TLS), 8 (connect at the start) and 32 (any
// certificate); L is the way to log in, 6 SASL PLAIN.
const hexchatNetworks = `v=2.16.1

N=bus
L=6
U=%s
P=%s
E=UTF-8 (Unicode)
F=46
D=0
S=%s
J=%s
J=%s
J=%s

`

const hexchatEvents = `event_name=Channel Msg Hilight
event_text=[highlight] <$1>$t$2

`

// startHexchat connects by TLS, logs in with SASL PLAIN and joins the channels
// that are in its list of networks.
func startHexchat(t *testing.T, b *bus, p person) client {
	t.Helper()
	dir, err := os.MkdirTemp("", "hexchat")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	writeFile(t, filepath.Join(dir, "hexchat.conf"), fmt.Sprintf(hexchatConf, p.name))
	writeFile(t, filepath.Join(dir, "servlist.conf"), fmt.Sprintf(hexchatNetworks, p.name, p.password,
		strings.Replace(b.ircTLS, ":", "/", 1), feed, text, helps))
	writeFile(t, filepath.Join(dir, "pevents.conf"), hexchatEvents)
	cmd := exec.Command("hexchat", "--cfgdir", dir)
	cmd.Dir = dir
	// Without a session bus it would start one that outlives it.
	cmd.Env = append(os.Environ(), "HOME="+dir, "TZ=UTC", "DISPLAY="+startXvfb(t), "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent")
	if os.Getuid() == 0 {
		runAsNobody(t, cmd, dir)
	}
	start(t, cmd, "hexchat")
	h := hexchat{t, filepath.Join(dir, "logs", "bus")}
	h.join(feed)
	return h
}

// startXvfb runs an X server without a screen and returns its display.
func startXvfb(t *testing.T) string {
	t.Helper()
	number, err := os.Create(filepath.Join(t.TempDir(), "display"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { number.Close() })
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{number}
	start(t, cmd, "Xvfb")
	var display []string
	waitFor(t, "the X server", func() bool { display = fileLines(t, number.Name()); return len(display) > 0 })
	return ":" + display[0]
}

// runAsNobody lets nobody run cmd with the files of dir: to root, HexChat shows
// a warning and does nothing until somebody clicks it away.
func runAsNobody(t *testing.T, cmd *exec.Cmd, dir string) {
	t.Helper()
	const nobody = 65534
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, dir) {
		if err := os.Chown(name, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

func (h hexchat) log(channel string) []string {
	h.t.Helper()
	return fileLines(h.t, filepath.Join(h.logs, strings.ToLower(channel)+".log"))
}

func (h hexchat) join(channel string) {
	h.t.Helper()
	waitFor(h.t, "HexChat to join "+channel, func() bool {
		return strings.Contains(strings.Join(h.log(channel), "\n"), "Now talking on "+channel)
	})
}

func (h hexchat) lines(channel string) []line {
	h.t.Helper()
	var all []line
	for _, logged := range h.log(channel) {
		if m := clockLine.FindStringSubmatch(logged); m != nil {
			message, highlight := strings.CutPrefix(m[2], "[highlight] ")
			all = append(all, line{clock: m[1], text: message, highlight: highlight})
		}
	}
	return all
}
