package bus

import (
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/ircbus/ircbus/ircd/account"
)

// TestRevokedAccountsAreCutOff: who logged in as an account that another process
// removes, or gives another password, is not served any longer.
func TestRevokedAccountsAreCutOff(t *testing.T) {
	c := quiet(t)
	c.Access = AccessLogin
	b := startBus(t, c)
	operator, err := account.Open(filepath.Join(c.Data, AccountsFile), account.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []account.Account{{Name: "moin", Role: account.Publisher}, {Name: "ann", Role: account.User}, {Name: "bob", Role: account.User}} {
		if err := operator.Add(a, "right password"); err != nil {
			t.Fatal(err)
		}
	}
	streams := map[string]io.Reader{}
	for _, name := range []string{"moin", "ann", "bob"} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", b.URL()+"/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(name, "right password")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatal(answer.Status)
		}
		streams[name] = answer.Body
	}
	publisher, person := meetAs(t, b.IRCAddr(), "moin"), meetAs(t, b.IRCAddr(), "ann")
	if err := operator.Remove("moin"); err != nil {
		t.Fatal(err)
	}
	publisher.until("ERROR :The account moin does not exist any more")
	if err := operator.SetPassword("ann", "another password"); err != nil {
		t.Fatal(err)
	}
	person.until("ERROR :The login as ann is no longer good")
	for _, name := range []string{"moin", "ann"} {
		if _, err := io.Copy(io.Discard, streams[name]); err != nil {
			t.Errorf("the stream of %s did not end well: %v", name, err)
		}
	}
	b.sessions.mu.Lock()
	defer b.sessions.mu.Unlock()
	if len(b.sessions.open["bob"]) != 1 {
		t.Errorf("these are left: %v", b.sessions.open)
	}
}

// meetAs connects as the owner of an account.
func meetAs(t *testing.T, addr, name string) *person {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "PASS :"+name+":right password\r\n"); err != nil {
		t.Fatal(err)
	}
	return meet(t, conn, name)
}
