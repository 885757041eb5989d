package bus

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/ircd/account"
)

// stored are the events of the log, "#channel body" each, without their times.
func stored(t *testing.T, b *Bus) (all []string) {
	t.Helper()
	err := b.store.Range(t.Context(), history.Query{}, func(e *ircbus.Event) error {
		all = append(all, e.Channel+" "+e.Fields.Without("time").Encode())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// netcat sends what a program pipes into nc, and waits until the bus closes.
func netcat(t *testing.T, address, text string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn = patient{conn}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || len(answer) > 0 {
		t.Errorf("the bus answered %q, %v", answer, err)
	}
}

func prismBus(t *testing.T, change func(*Prism)) *Bus {
	t.Helper()
	c := quiet(t)
	c.Prism = Prism{HTTP: true, Netcat: "127.0.0.1:0", Publisher: "prism", Channels: []string{"#jantman", "#jantmantwo"}}
	if change != nil {
		change(&c.Prism)
	}
	b := startBus(t, c)
	for _, name := range []string{"jantman", "bob"} {
		if err := b.Accounts().Add(account.Account{Name: name, Role: account.User}, "correct horse"); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// waiting are the texts that wait for somebody.
func waiting(t *testing.T, b *Bus, name string) (texts []string) {
	t.Helper()
	memos, err := b.store.Waiting(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range memos {
		texts = append(texts, m.Text)
	}
	return texts
}

// TestPrismHTTP: the original's requests, and how they are answered.
func TestPrismHTTP(t *testing.T) {
	b := prismBus(t, func(p *Prism) { p.DefaultUsers = []string{"bob"} })
	send := b.URL() + "/notification/send"
	do := func(method, address, contentType, body string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", contentType)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(answer)
	}
	const passed, form, json = "message passed to notifiers", "application/x-www-form-urlencoded", "application/json"
	for _, c := range []struct {
		method, address, contentType, body string
		status                             int
		says                               string
	}{
		{"GET", send + "?message=foobarbaz&users=jantman&channels=%23jantmantwo", "", "", 202, passed},
		{"POST", send, json, `{"users":["jantman"],"channels":["#jantman"],"message":"testing from JSON"}`, 202, passed},
		{"POST", send, form, `{"users":[],"message":"curl without a header"}`, 202, passed},
		{"POST", send, form, "message=a+form&channels=%23jantman,%23jantmantwo&users=", 202, passed},
		{"PUT", send + "?message=put&users=", "", "", 202, passed},
		{"GET", send + "?message=once&key=k&users=jantman&channels=%23jantman&channels=%23jantmantwo", "", "", 202, passed},
		{"GET", send + "?message=once&key=k&users=jantman&channels=%23jantman&channels=%23jantmantwo", "", "", 202, passed},
		{"GET", send + "?message=to+everybody+who+is+no+target&users=&channels=", "", "", 202, passed},
		{"GET", send + "?users=jantman", "", "", 400, "message not specified"},
		{"POST", send + "?message=x", json, "", 400, "message not specified"},
		{"POST", send, json, `{"users":["jantman"]}`, 400, "message not specified"},
		{"POST", send, json, `["message"]`, 400, "must be a JSON object"},
		{"POST", send, json, `{"message":`, 400, "broken JSON"},
		{"GET", send + "?message=x&channels=%23elsewhere", "", "", 400, "#elsewhere"},
		{"GET", send + "?message=x&users=nobody", "", "", 400, "nobody"},
		{"GET", send + "?message=x&name=a&secret=b", "", "", 403, "secret"},
		{"GET", send + "/?message=x", "", "", 404, ""},
		{"GET", b.URL() + "/notification", "", "", 404, ""},
	} {
		if status, answer := do(c.method, c.address, c.contentType, c.body); status != c.status || !strings.Contains(answer, c.says) || status == 202 && answer != passed {
			t.Errorf("%s %s %s: %d %q; want %d %q", c.method, c.address, c.body, status, answer, c.status, c.says)
		}
	}
	want := []string{
		"#jantmantwo text=foobarbaz", "#jantman text=testing from JSON", "#prism text=curl without a header",
		"#jantman text=a form", "#jantmantwo text=a form", "#prism text=put",
		"#jantman text=once&key=k+%23jantman", "#jantmantwo text=once&key=k+%23jantmantwo",
	}
	got := stored(t, b)
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], " ", "+")
		got[min(i, len(got)-1)] = strings.ReplaceAll(got[min(i, len(got)-1)], " ", "+")
	}
	if !slices.Equal(got, want) {
		t.Errorf("stored are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := waiting(t, b, "jantman"); !slices.Equal(got, []string{"foobarbaz", "testing from JSON", "once"}) {
		t.Errorf("jantman gets %q", got)
	}
	if got := waiting(t, b, "bob"); len(got) != 0 {
		t.Errorf("bob gets %q", got)
	}
}

// TestPrismNetcat: plain lines, JSON, several lines, a last line without its end.
func TestPrismNetcat(t *testing.T) {
	b := prismBus(t, func(p *Prism) { p.DefaultUsers, p.DefaultChannels = []string{"bob"}, []string{"#jantman"} })
	address := doorAddr(t, b, "prism", "tcp")
	netcat(t, address, "** PROBLEM Service Alert: db1/disk is CRITICAL **\n-> DISK CRITICAL")
	netcat(t, address, `{"message":"by JSON","channels":["#jantmantwo"],"users":["jantman"]}`)
	netcat(t, address, "caf\xe9\r\n\r\n{not JSON}\r\n"+`{"message":"nowhere","channels":["#elsewhere","#jantman"],"users":[]}`+"\n")
	netcat(t, address, strings.Repeat("x", 70_000))
	want := []string{
		"#jantman text=**+PROBLEM+Service+Alert:+db1/disk+is+CRITICAL+**", "#jantman text=->+DISK+CRITICAL", "#jantmantwo text=by+JSON",
		"#jantman text=café", "#jantman text={not+JSON}", "#jantman text=nowhere",
	}
	if got := stored(t, b); !slices.Equal(got, want) {
		t.Errorf("stored are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := waiting(t, b, "bob"); len(got) != 4 || got[1] != "-> DISK CRITICAL" {
		t.Errorf("bob gets %q", got)
	}
	if r := b.Doors()[0]; r.Received != 7 || r.Refused["target"] != 1 || r.Refused["malformed"] != 1 || r.Memos != 5 || r.LastEvent.ID != 6 {
		t.Errorf("%+v", r)
	}
}

// TestPrismSecrets: who has a secret is heard from everywhere until it is
// revoked; who has none is not heard.
func TestPrismSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	write("nagios open sesame\nbackup tape\n")
	b := prismBus(t, func(p *Prism) { p.SecretsFile = path })
	send := b.URL() + "/notification/send?message="
	expect := func(query string, want int) {
		t.Helper()
		if status, answer := get(t, send+query); status != want {
			t.Errorf("%s: %d %s", query, status, answer)
		}
	}
	expect("1", 403)
	expect("2&name=nagios&secret=open+sesame", 202)
	expect("3&name=nagios&secret=tape", 403)
	netcat(t, doorAddr(t, b, "prism", "tcp"), `{"message":"4","name":"backup","secret":"tape"}`+"\nplain\n")
	write("backup tape\n")
	expect("5&name=nagios&secret=open+sesame", 403)
	expect("6&name=backup&secret=tape", 202)
	want := []string{"#prism text=2&client=nagios", "#prism text=4&client=backup", "#prism text=6&client=backup"}
	if got := stored(t, b); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if r := b.Doors()[0]; r.Refused["sender"] != 4 || strings.Contains(fmt.Sprint(*r.LastRefusal), "sesame") {
		t.Errorf("%+v", r)
	}
}

// TestPrismStorm: of a runaway client the first messages are shown, the others
// counted, and the last is told at the end.
func TestPrismStorm(t *testing.T) {
	c := quiet(t)
	c.Prism = Prism{HTTP: true, Publisher: "prism", Storm: 3}
	b := startBus(t, c)
	statuses := map[int]int{}
	for i := range 10 {
		status, _ := get(t, fmt.Sprintf("%s/notification/send?message=m%d", b.URL(), i))
		statuses[status]++
	}
	if statuses[202] != 3 || statuses[429] != 7 {
		t.Errorf("%v", statuses)
	}
	stopBus(t, b) // ends the storm
	b = startBus(t, c)
	got := stored(t, b)
	if len(got) != 4 || got[2] != "#prism text=m2" || !strings.HasPrefix(got[3], "#prism action=storm&text=7+more+messages+from+127.0.0.1+were+held+back;") && !strings.Contains(got[3], "7+more") ||
		!strings.Contains(got[3], "m9") || !strings.Contains(got[3], "count=7") {
		t.Errorf("%q", got)
	}
}

// TestPrismLosesNone: 10,000 lines and some hundred requests, none lost.
func TestPrismLosesNone(t *testing.T) {
	c := quiet(t)
	c.Prism = Prism{HTTP: true, Netcat: "127.0.0.1:0", Publisher: "prism"}
	b := startBus(t, c)
	var lines strings.Builder
	count := many(10_000)
	for i := range count {
		fmt.Fprintf(&lines, "line %d\n", i)
	}
	netcat(t, doorAddr(t, b, "prism", "tcp"), lines.String())
	got := stored(t, b)
	if len(got) != count || got[count-1] != fmt.Sprint("#prism text=line+", count-1) {
		t.Errorf("%d events, the last is %q", len(got), got[len(got)-1])
	}
	if r := b.Doors()[0]; r.Received != uint64(count) || r.Stored != uint64(count) {
		t.Errorf("%+v", r)
	}
}
