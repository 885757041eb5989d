package main

import (
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	b, _ := publishBus(t)
	url := "http://" + b.HTTPAddr()
	for _, fields := range [][]string{{"page=A", "comment=private"}, {"page=B"}} {
		if code, _, errs := invoke(t, append([]string{"publish", "--url", url}, fields...)...); code != 0 {
			t.Fatal(errs)
		}
	}
	if code, out, errs := invoke(t, "redact", "1", "--field", "comment", "--reason", "names somebody", "--url", url); code != 0 || out != "3\n" || errs != "" {
		t.Fatalf("exit code %d, %q, %q", code, out, errs)
	}
	code, out, _ := invoke(t, "--json", "redact", "2", "--url", url)
	if code != 0 || !strings.Contains(out, `"target":"2"`) || !strings.HasPrefix(out, `{"id":4,`) {
		t.Fatalf("exit code %d, %q", code, out)
	}
	_, out, _ = invoke(t, "changes", "#wiki", "--server", url, "--format", "text")
	if lines := strings.Split(out, "\n"); len(lines) != 4 || !strings.HasSuffix(lines[0], " #wiki A") ||
		!strings.HasSuffix(lines[1], "redacted event 1 (comment): names somebody") || !strings.HasSuffix(lines[2], "redacted event 2") {
		t.Errorf("left is %q", lines)
	}
	for _, wrong := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"2", "--url", url}, exitFailed, "has been redacted: the event 4 says by whom"},
		{[]string{"9", "--url", url}, exitFailed, "there is no event 9"},
		{[]string{"1", "--field", "nothing", "--url", url}, exitFailed, `has no field "nothing"`},
		{[]string{"one", "--url", url}, exitUsage, "is not a whole number"},
		{[]string{"1", "--url", "ftp://here"}, exitUsage, "not a bus's address"},
	} {
		code, out, errs := invoke(t, append([]string{"redact"}, wrong.args...)...)
		if code != wrong.code || out != "" || !strings.Contains(errs, wrong.says) {
			t.Errorf("%v: exit code %d, %q, %q", wrong.args, code, out, errs)
		}
	}
}
