package bus

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCloakKey: made at the first start for the owner alone, kept, and what is
// damaged is not replaced in silence.
func TestCloakKey(t *testing.T) {
	c := quiet(t)
	if key, err := openCloakKey(c); key != nil || err != nil {
		t.Fatal(key, err)
	}
	c.Cloak = true
	first, err := openCloakKey(c)
	if err != nil || len(first) != cloakKeySize {
		t.Fatal(first, err)
	}
	again, err := openCloakKey(c)
	if err != nil || !bytes.Equal(first, again) {
		t.Error(again, err)
	}
	path := filepath.Join(c.Data, CloakFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if err := os.WriteFile(path, first[:5], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), CloakFile) {
		t.Error(err)
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
