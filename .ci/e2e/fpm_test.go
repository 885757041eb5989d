package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestPHPFPM shows that a visitor does not wait for the bus: he has the page while
// the plugin still waits for an answer that does not come.
func TestPHPFPM(t *testing.T) {
	b := startBus(t)
	dir, err := os.MkdirTemp("", "fpm") // t.TempDir is too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := newSite(t, b, "fpm", dir)
	programs, err := filepath.Glob("/usr/sbin/php-fpm*")
	if err != nil || len(programs) == 0 {
		t.Fatalf("there is no php-fpm: %v", err)
	}
	socket := filepath.Join(dir, "socket")
	conf := file(t, dir, "fpm.conf", fmt.Sprintf("[global]\nerror_log = %[1]s/log\ndaemonize = no\n[www]\nlisten = %[2]s\nuser = root\ngroup = root\n"+
		"pm = static\npm.max_children = 2\n", dir, socket))
	plugin, err := filepath.Abs(contrib + "php/Publisher.php")
	if err != nil {
		t.Fatal(err)
	}
	page := file(t, dir, "page.php", fmt.Sprintf("<?php require '%s'; Ircbus\\Publisher::tell('%s', fn () => ['page' => 'one']); echo 'the page';", plugin, s.config))
	server := exec.Command(programs[0], "--allow-to-run-as-root", "--fpm-config", conf)
	start(t, server, "php-fpm")
	t.Cleanup(func() { // and its children, which hold its output
		server.Process.Signal(syscall.SIGTERM)
		server.Wait()
	})
	waitFor(t, "php-fpm to listen", func() bool { _, err := os.Stat(socket); return err == nil })

	s.hang()
	visitor := exec.CommandContext(t.Context(), "cgi-fcgi", "-bind", "-connect", socket)
	visitor.Env = []string{"SCRIPT_FILENAME=" + page, "REQUEST_METHOD=GET"}
	answer, err := visitor.Output()
	if err != nil || !bytes.Contains(answer, []byte("the page")) {
		t.Fatalf("%v\n%s", err, answer)
	}
	if _, err := os.Stat(filepath.Join(s.spool, "state")); err == nil || len(s.waiting()) != 1 {
		t.Error("the page came when sending had failed, not before")
	}
	waitFor(t, "the plugin to be sending", func() bool { return s.gate.taken.Load() == 1 })
}
