package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

// TestPrism: the lines of docs/doors/twistedprism.md, with Debian's nc, curl and
// wget, arrive in order.
func TestPrism(t *testing.T) {
	port := freePort(t)
	b := startBus(t, "[prism]", "http = true", `netcat = "127.0.0.1:`+port+`"`, `channels = ["#ops", "#builds"]`, `default_channels = ["#ops"]`)
	b.account("anna", "user")
	send := "http://" + b.http + "/notification/send"
	for _, command := range []string{
		`echo "the backup is done" | nc 127.0.0.1 ` + port,
		`printf '%s\n-> %s' "** PROBLEM: db1 is DOWN **" "no answer to ping" | nc 127.0.0.1 ` + port,
		`echo '{"message":"db1 is down","channels":["#builds"],"users":["anna"]}' | nc 127.0.0.1 ` + port,
		`wget -q -O - "` + send + `?message=foobarbaz&users=anna&channels=%23builds"`,
		`curl -sf -d '{"users":["anna"],"channels":["#ops"],"message":"testing"}' ` + send,
		`curl -sf -d 'message=a form will do&channels=%23ops,%23builds' ` + send,
	} {
		if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil || strings.Contains(command, "http:") && string(out) != "message passed to notifiers" {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	changes, err := exec.Command(program, "changes", "--server", "http://"+b.http, "--format", "text").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"#ops the backup is done", "#ops ** PROBLEM: db1 is DOWN **", "#ops -> no answer to ping", "#builds db1 is down",
		"#builds foobarbaz", "#ops testing", "#ops a form will do", "#builds a form will do"}
	lines := strings.Split(strings.TrimSpace(string(changes)), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%q", lines)
	}
	for i, line := range lines {
		if !strings.HasSuffix(line, want[i]) {
			t.Errorf("line %d is %q, want %q", i, line, want[i])
		}
	}
}
