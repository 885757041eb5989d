package bus

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/ircbus/ircbus/ircd/account"
)

// TestCaseC21: a password that is not ASCII is taken over HTTP, by PASS, SASL PLAIN and
// NickServ in whatever form the client sends it.
func TestCaseC21(t *testing.T) {
	b := startBus(t, quiet(t))
	for name, role := range map[string]account.Role{"wiki": account.Publisher, "ann": account.User} {
		if err := b.accounts.Add(account.Account{Name: name, Role: role}, "caf\u00e9-au-lait"); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.directory.refresh(); err != nil {
		t.Fatal(err)
	}
	for form, password := range map[string]string{"composed": "caf\u00e9-au-lait", "decomposed": "cafe\u0301-au-lait", "Latin-1": "caf\xe9-au-lait"} {
		t.Run(form, func(t *testing.T) {
			request, err := http.NewRequest("POST", "http://"+b.HTTPAddr()+"/events", strings.NewReader("page=A"))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			request.SetBasicAuth("wiki", password)
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			if answer.Body.Close(); answer.StatusCode != 201 {
				t.Errorf("HTTP: %s", answer.Status)
			}
			connectAs(t, b.IRCAddr(), "ann", "ann:"+password).say("QUIT")
			p := newPerson(t, silent(t, b.IRCAddr()))
			p.say("CAP REQ sasl\r\nNICK ann\r\nUSER ann 0 * :ann\r\nAUTHENTICATE PLAIN")
			p.until("AUTHENTICATE +")
			p.say("AUTHENTICATE " + base64.StdEncoding.EncodeToString([]byte("\x00ann\x00"+password)))
			p.until(" 903 ")
			p.say("QUIT")
			n := connect(t, b.IRCAddr(), "guest")
			n.say("PRIVMSG NickServ :IDENTIFY ann " + password)
			n.until(" 900 ")
			n.say("QUIT")
			n.until("ERROR ")
		})
	}
}
