package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ircbus.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCheckConfig(t *testing.T) {
	_, example, _ := invoke(t, "config")
	if code, out, errs := invoke(t, "check-config", writeConfig(t, example)); code != exitDone || !strings.Contains(out, "is good") {
		t.Errorf("the example: code %d, %q %q", code, out, errs)
	}
	code, _, errs := invoke(t, "--config", writeConfig(t, "irc = \"127.0.0.1:0\"\naccess = \"some\"\n\n[publisher.moin]\ntext = \"moin\"\n"), "check-config")
	if code != exitUsage || !strings.Contains(errs, "line 2: access: ") || !strings.Contains(errs, "line 5: publisher.moin.text: ") {
		t.Errorf("code %d, %q", code, errs)
	}
}

func TestCheckConfigJSON(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "[]\n",
		"\naccess = \"x\"": `[{"line":2,"key":"access","reason":"\"x\" must be \"open\" or \"login\""}]` + "\n",
		"access = 1":       `[{"line":1,"key":"access","reason":"the value must be text, as in \"text\""}]` + "\n",
	} {
		code, out, _ := invoke(t, "--json", "check-config", writeConfig(t, text))
		if out != want || (code == exitDone) != (text == "") {
			t.Errorf("%q: code %d, %s", text, code, out)
		}
	}
}

func TestServeRefusesBadConfig(t *testing.T) {
	for text, says := range map[string]string{
		"nonsense = 1\n":                     "line 1: nonsense: there is no such key",
		"irc = 1\n":                          "line 1",
		"irc = \n":                           "line 1",
		"http = \"\"\nurl = \"ftp://x\"\n":   "line 2: url",
		"[retention.\"*\"]\nmax_age = \"x\"": "line 2: retention.*.max_age",
	} {
		code, _, errs := invoke(t, "serve", "--data", t.TempDir(), "--config", writeConfig(t, text))
		if code != exitUsage || !strings.Contains(errs, says) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: code %d, %q; want %q", text, code, errs, says)
		}
	}
}

// TestBlame: a file is not blamed for a flag.
func TestBlame(t *testing.T) {
	file := writeConfig(t, "irc = \"127.0.0.1:0\"\n")
	code, _, errs := invoke(t, "serve", "--config", file, "--irc", "nowhere")
	if code != exitUsage || strings.Contains(errs, file) || !strings.Contains(errs, `irc: "nowhere" must be`) {
		t.Errorf("code %d, %q", code, errs)
	}
}

// TestPrecedence: flags win over the environment, the environment over the file.
func TestPrecedence(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"file", "environment", "flag"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	add := func(want string, flags ...string) {
		t.Helper()
		code, out, errs := invoke(t, append(flags, "account", "add", want, "--role", "user", "--generate")...)
		if code != exitDone {
			t.Fatalf("code %d, %q %q", code, out, errs)
		}
		if _, err := os.Stat(filepath.Join(dir, want, "accounts.json")); err != nil {
			t.Errorf("the account should be in the directory of the %s: %v", want, err)
		}
	}
	t.Setenv("IRCBUS_CONFIG", writeConfig(t, "data = \""+filepath.Join(dir, "file")+"\"\n"))
	add("file")
	t.Setenv("IRCBUS_DATA", filepath.Join(dir, "environment"))
	add("environment")
	add("flag", "--data", filepath.Join(dir, "flag"))
}
