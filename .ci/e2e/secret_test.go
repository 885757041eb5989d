package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

// elsewhere are addresses of other machines, some with names that look like this
// one's. Nothing is sent there in plain text.
var elsewhere = []string{
	"http://bus.example", "http://192.0.2.7:8667", "http://127.evil.example", "http://127.0.0.1.evil.example", "http://localhost.evil.example", "HTTP://BUS.example/x",
}

// TestCaseA18PHP: PHP's plugins keep the token from the network, with cURL and without.
func TestCaseA18PHP(t *testing.T) {
	const code = "require $argv[1] . 'php/Answer.php'; require $argv[1] . 'php/Bus.php'; " +
		"echo (new Ircbus\\Bus($argv[2] . '/events', 'irb_secret'))->post(['{}'], 1)->reason;"
	for _, flags := range [][]string{nil, {streams}} {
		for _, address := range elsewhere {
			if output, _ := php(t, append(flags, "-r", code, contrib, address)...); !strings.Contains(output, "only https keeps the token secret") {
				t.Errorf("%s: %q", address, output)
			}
		}
		if output, _ := php(t, append(flags, "-r", code, contrib, "http://127.0.0.1:1")...); strings.Contains(output, "only https") {
			t.Errorf("this machine: %q", output)
		}
	}
}

// TestCaseA18Moin: so do MoinMoin's.
func TestCaseA18Moin(t *testing.T) {
	const code = "import sys; sys.path.insert(0, sys.argv[1]); from ircbus_moin import bus\n" +
		"try: bus.connect(sys.argv[2]); print('connects')\nexcept bus.Away as error: print(error)"
	for _, address := range append([]string{"http://127.0.0.1@evil.example", "http://LocalHost:1"}, elsewhere...) {
		output, err := exec.Command("python3", "-c", code, contrib+"moin", address).CombinedOutput()
		if err != nil || (strings.TrimSpace(string(output)) == "connects") != (address == "http://LocalHost:1") {
			t.Errorf("%s: %v, %s", address, err, output)
		}
	}
}
