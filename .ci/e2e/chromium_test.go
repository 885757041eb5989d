package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// chromium returns Debian's Chromium without a window or a network of its own.
func chromium(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("chromium", append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir()}, args...)...)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	return cmd
}

// tab is a tab of a Chromium that the test drives over pipes, by the DevTools
// protocol (chromedevtools.github.io/devtools-protocol).
type tab struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	calls   int
}

// openTab shows a page until the test ends.
func openTab(t *testing.T, address string) *tab {
	t.Helper()
	theirIn, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := chromium(t, "--remote-debugging-pipe", "--window-size=1000,600")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	start(t, cmd, "chromium")
	theirIn.Close()
	theirOut.Close()
	t.Cleanup(func() { to.Close(); from.Close() })
	page := &tab{t: t, to: to, from: bufio.NewReader(from)}
	var target struct{ TargetID string }
	page.call("Target.createTarget", map[string]any{"url": address}, &target)
	var attached struct{ SessionID string }
	page.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	page.session = attached.SessionID
	return page
}

// call calls a method and waits for its result.
func (page *tab) call(method string, params map[string]any, result any) {
	page.t.Helper()
	page.calls++
	request := map[string]any{"id": page.calls, "method": method, "params": params}
	if page.session != "" {
		request["sessionId"] = page.session
	}
	text, err := json.Marshal(request)
	if err != nil {
		page.t.Fatal(err)
	}
	if _, err := page.to.Write(append(text, 0)); err != nil {
		page.t.Fatal(err)
	}
	for {
		text, err := page.from.ReadBytes(0)
		if err != nil {
			page.t.Fatalf("%s: %v", method, err)
		}
		var message struct {
			ID     int
			Error  json.RawMessage
			Result json.RawMessage
		}
		if err := json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), &message); err != nil {
			page.t.Fatal(err)
		}
		if message.ID != page.calls {
			continue // an event
		}
		if message.Error != nil {
			page.t.Fatalf("%s: %s", method, message.Error)
		}
		if err := json.Unmarshal(message.Result, result); err != nil {
			page.t.Fatalf("%s: %v in %s", method, err, message.Result)
		}
		return
	}
}

// eval runs a script in the page and decodes its value.
func (page *tab) eval(script string, value any) {
	page.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	page.call("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true}, &answer)
	if answer.ExceptionDetails != nil {
		page.t.Fatalf("%s: %s", script, answer.ExceptionDetails)
	}
	if err := json.Unmarshal(answer.Result.Value, value); err != nil {
		page.t.Fatalf("%s: %v in %s", script, err, answer.Result.Value)
	}
}

// is says whether a script's value is true.
func (page *tab) is(script string) bool {
	page.t.Helper()
	var value bool
	page.eval("Boolean("+script+")", &value)
	return value
}
