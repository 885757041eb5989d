package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bus"
	"github.com/ircbus/ircbus/ircd/account"
)

// BenchmarkStopProcess sends SIGTERM to buses that are processes of their own, while
// events come as fast as they can, retention removes most of them, the index is built,
// and 200 readers on IRC, streams and big answers take nothing of what they get. It
// reports how long the end took at most. Run it with -benchtime 50x.
func BenchmarkStopProcess(b *testing.B) {
	dir := b.TempDir()
	config := filepath.Join(dir, "ircbus.toml")
	err := os.WriteFile(config, fmt.Appendf(nil, `data = %q
irc = "127.0.0.1:0"
http = "127.0.0.1:0"
[limits]
per_address = 1000
connect_rate = 10000
[retention."*"]
max_count = 5000
`, dir), 0o600)
	if err != nil {
		b.Fatal(err)
	}
	accounts, err := account.Open(filepath.Join(dir, bus.AccountsFile), account.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := accounts.Add(account.Account{Name: "wiki", Role: account.Publisher}, publishPassword); err != nil {
		b.Fatal(err)
	}
	var worst, all time.Duration
	for b.Loop() {
		took := stopBusy(b, config)
		worst, all = max(worst, took), all+took
	}
	b.ReportMetric(float64(worst.Milliseconds()), "worst-ms")
	b.ReportMetric(float64(all.Milliseconds())/float64(b.N), "mean-ms")
}

// stopBusy starts a bus, gives it everything to do, and measures its end.
func stopBusy(b *testing.B, config string) time.Duration {
	p := launch(b, "serve", "--config", config)
	p.until("ready")
	web, irc := p.address("HTTP"), p.address("IRC")
	for i := range 200 {
		nc, err := net.Dial("tcp", [...]string{irc, web, web, web}[i%4])
		if err != nil {
			b.Fatal(err)
		}
		defer nc.Close()
		nc.(*net.TCPConn).SetReadBuffer(4 << 10)
		_, err = io.WriteString(nc, [...]string{
			fmt.Sprintf("NICK n%d\r\nUSER n 0 * :n\r\nJOIN #wiki\r\n", i),
			"GET /stream?channel=%23wiki HTTP/1.1\r\nHost: localhost\r\n\r\n",
			"GET /stream?channel=%23wiki&after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
			strings.Repeat("GET /changes?channel=%23wiki&after=0&limit=10000 HTTP/1.1\r\nHost: localhost\r\n\r\n", 4),
		}[i%4])
		if err != nil {
			b.Fatal(err)
		}
	}
	var publishing sync.WaitGroup
	enough, once := make(chan struct{}), sync.Once{}
	publishing.Go(func() {
		for n := 0; ; n++ {
			if !postMany(web, n) {
				once.Do(func() { close(enough) })
				return
			}
			if n == 16 {
				once.Do(func() { close(enough) })
			}
		}
	})
	<-enough
	began := time.Now()
	if code := p.end(syscall.SIGTERM); code != exitDone {
		b.Fatalf("exit code %d\n%s", code, p.output())
	}
	took := time.Since(began)
	publishing.Wait()
	return took
}

// postMany publishes a batch; it is false when the bus takes no more.
func postMany(web string, n int) bool {
	var body bytes.Buffer
	for i := range 500 {
		fmt.Fprintf(&body, `{"page":"Page %d of %d","user":"User %d","comment":"%0300d"}`+"\n", i, n, i, n)
	}
	request, err := http.NewRequest(http.MethodPost, "http://"+web+"/events", &body)
	if err != nil {
		return false
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	request.SetBasicAuth("wiki", publishPassword)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err == nil && response.StatusCode == http.StatusCreated
}
