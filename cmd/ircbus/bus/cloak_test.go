package bus

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCloakKey: made at the first start for the owner alone, and kept.
func TestCloakKey(t *testing.T) {
	c := quiet(t)
	if key, err := openCloakKey(c, c.Log); key != nil || err != nil {
		t.Fatal(key, err)
	}
	c.Cloak = true
	first, err := openCloakKey(c, c.Log)
	if err != nil || len(first) != cloakKeySize {
		t.Fatal(first, err)
	}
	again, err := openCloakKey(c, c.Log)
	if err != nil || !bytes.Equal(first, again) {
		t.Error(again, err)
	}
	path := filepath.Join(c.Data, CloakFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
}

// TestCaseB1: the bus starts with a key of the cloaks that a power cut has spoilt,
// keeps what it found, says so, and hides addresses behind a new one.
func TestCaseB1(t *testing.T) {
	for name, found := range map[string][]byte{
		"empty": {}, "cut": []byte("short"), "zeros": make([]byte, cloakKeySize), "long": make([]byte, 4096),
	} {
		t.Run(name, func(t *testing.T) {
			c := quiet(t)
			c.Cloak = true
			var log bytes.Buffer
			c.Log = slog.New(slog.NewTextHandler(&log, nil))
			path := filepath.Join(c.Data, CloakFile)
			if err := os.WriteFile(path, found, 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 { // at the second start, it is as any other
				stopBus(t, startBus(t, c))
			}
			key, err := os.ReadFile(path)
			if err != nil || !goodCloakKey(key) {
				t.Errorf("the new key is %x, %v", key, err)
			}
			if aside, err := os.ReadFile(path + ".damaged"); err != nil || !bytes.Equal(aside, found) {
				t.Errorf("%x was kept of %x, %v", aside, found, err)
			}
			if n := strings.Count(log.String(), "the key of the cloaks was damaged"); n != 1 {
				t.Errorf("said %d times: %s", n, log.String())
			}
		})
	}
}

// TestCloak: somebody from elsewhere is seen under a cloak, which a restart does
// not change.
func TestCloak(t *testing.T) {
	c := quiet(t)
	c.Cloak, c.Proxies = true, []string{"127.0.0.1"}
	var hosts []string
	for range 2 {
		b := startBus(t, c)
		p := meet(t, proxied(t, b.IRCAddr(), header(t, 1, "192.0.2.7:1234")), "alice")
		p.say("WHOIS alice")
		words := strings.Fields(p.until(" 311 "))
		hosts = append(hosts, words[5])
		stopBus(t, b)
	}
	if hosts[0] != hosts[1] || !strings.HasSuffix(hosts[0], ".ip") {
		t.Errorf("%q", hosts)
	}
}
