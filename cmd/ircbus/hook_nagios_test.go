package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestHookNagios: a notification with its macros as arguments and in the
// environment is an event; to a bus that is away it goes through the spool.
func TestHookNagios(t *testing.T) {
	t.Setenv("NAGIOS_HOSTNAME", "wiki1")
	spool := filepath.Join(t.TempDir(), "spool")
	flags := []string{"hook", "nagios", "--url", "http://127.0.0.1:1", "--spool", spool, "NOTIFICATIONTYPE=PROBLEM", "HOSTSTATE=DOWN", "HOSTOUTPUT=no answer"}
	t.Setenv("IRCBUS_TOKEN", "irb_none")
	code, _, errs := invokeWith(t.Context(), strings.NewReader(""), flags...)
	if code != 0 || !strings.Contains(errs, "keeps the events for later") {
		t.Errorf("%d %s", code, errs)
	}
	waiting, err := hookSpool{spool}.waiting()
	if err != nil || len(waiting) != 1 {
		t.Errorf("%d files wait, %v", len(waiting), err)
	}
	if code, _, errs := invokeWith(t.Context(), strings.NewReader(""), "hook", "nagios", "--url", "http://127.0.0.1:1", "HOSTSTATE"); code != 1 || !strings.Contains(errs, "must be NAME=VALUE") {
		t.Errorf("%d %s", code, errs)
	}
}
