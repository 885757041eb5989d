package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMQTT follows docs/doors/mqtt.md with Debian's mosquitto: what mosquitto_pub
// publishes is in the bus's channel, also what it has published while the bus was
// not connected.
func TestMQTT(t *testing.T) {
	dir, err := os.MkdirTemp("", "mqtt") // what t.TempDir makes is for one user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // mosquitto has a user of its own
		t.Fatal(err)
	}
	port := freePort(t)
	passwords, secrets := filepath.Join(dir, "passwords"), file(t, dir, "secrets", "bus secret-of-the-bus\n")
	if err := os.Chmod(secrets, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mosquitto_passwd", "-b", "-c", passwords, "bus", "secret-of-the-bus").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Chmod(passwords, 0o644); err != nil {
		t.Fatal(err)
	}
	conf := file(t, dir, "mosquitto.conf", fmt.Sprintf("listener %s 127.0.0.1\npassword_file %s\n", port, passwords))
	if err := os.Chmod(conf, 0o644); err != nil {
		t.Fatal(err)
	}
	broker := exec.CommandContext(t.Context(), "mosquitto", "-c", conf)
	if err := broker.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { broker.Wait() }) // the context has ended it
	publish := func(text string) error {
		return exec.Command("mosquitto_pub", "-h", "127.0.0.1", "-p", port, "-u", "bus", "-P", "secret-of-the-bus", "-q", "1", "-t", "alerts/disk", "-m", text).Run()
	}
	waitFor(t, "mosquitto", func() bool { return publish("before the bus") == nil })
	b := startBus(t, fmt.Sprintf("[mqtt]\nbroker = \"mqtt://127.0.0.1:%s\"\ntopics = [\"alerts/#\"]\nusername = \"bus\"\nsecrets_file = %q\n", port, secrets))
	n := 0
	waitFor(t, "the message", func() bool {
		n++
		if err := publish(fmt.Sprintf(`{"message":"full %d","host":"wiki1"}`, n)); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(strings.Join(changesXML(t, "http://"+b.http), ""), "alerts/disk: full")
	})
}
