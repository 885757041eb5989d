package main

import (
	"io"
	"net/http"
	"regexp"
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
		{[]string{"one", "--url", url}, exitUsage, `"one" is not an event id`},
		{[]string{"0", "--url", url}, exitUsage, `"0" is not an event id`},
		{[]string{"OTHER-1", "--url", url}, exitFailed, "the event OTHER-1 is of another log"},
		{[]string{"1", "--url", "ftp://here"}, exitUsage, "not a bus's address"},
	} {
		code, out, errs := invoke(t, append([]string{"redact"}, wrong.args...)...)
		if code != wrong.code || out != "" || !strings.Contains(errs, wrong.says) {
			t.Errorf("%v: exit code %d, %q, %q", wrong.args, code, out, errs)
		}
	}
}

// TestCaseB3Redact: the command takes an id as streams give it.
func TestCaseB3Redact(t *testing.T) {
	b, _ := publishBus(t)
	url := "http://" + b.HTTPAddr()
	if code, _, errs := invoke(t, "publish", "--url", url, "page=A"); code != exitDone {
		t.Fatal(errs)
	}
	answer, err := http.Get(url + "/changes?channel=%23wiki&format=json")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	out, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	epoch := regexp.MustCompile(`"epoch":"(\w+)"`).FindStringSubmatch(string(out))
	if epoch == nil {
		t.Fatalf("no epoch in %s", out)
	}
	if code, out, errs := invoke(t, "redact", epoch[1]+"-1", "--url", url); code != exitDone || out != "2\n" {
		t.Errorf("exit code %d, %q, %q", code, out, errs)
	}
}

// TestCaseE8WrongPassword: which bus has refused is said.
func TestCaseE8WrongPassword(t *testing.T) {
	b, _ := publishBus(t)
	t.Setenv("IRCBUS_PASSWORD", "not the password")
	for address, args := range map[string][]string{
		b.HTTPAddr(): {"redact", "1", "--url", "http://" + b.HTTPAddr()},
		b.URL():      {"publish", "--url", "http://" + b.HTTPAddr(), "page=A"},
		b.IRCAddr():  {"publish", "--irc", b.IRCAddr(), "page=A"},
	} {
		if code, _, errs := invoke(t, args...); code == exitDone || !strings.Contains(errs, address) {
			t.Errorf("%q: exit code %d, %q", args, code, errs)
		}
	}
}
