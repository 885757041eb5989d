package bus

import (
	"crypto/sha256"
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ircbus/ircbus/ircd/account"
)

// openBus is one where people make accounts.
func openBus(t *testing.T, change ...func(*Config)) *Bus {
	t.Helper()
	c := quiet(t)
	c.Registration = Registration{Open: true, BeforeConnect: true, CustomNames: true}
	for _, f := range change {
		f(&c)
	}
	b := startBus(t, c)
	if err := b.Accounts().Add(account.Account{Name: "ada", Role: account.User}, "correct horse"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the account to be known", func() bool { return b.directory.hasToldOf("ada") })
	return b
}

// want says a line and checks the first answer with one of the words.
func (p *person) want(line, want string, words ...string) {
	p.t.Helper()
	p.say(line)
	if got := p.until(append(words, want)...); !strings.Contains(got, want) {
		p.t.Errorf("%s: %s", line, got)
	}
}

// TestNicksAreNotStolen: by no route does somebody get the nick of an account
// without its secret.
func TestNicksAreNotStolen(t *testing.T) {
	b := openBus(t)
	eve := connect(t, b.IRCAddr(), "eve")
	for _, nick := range []string{"ada", "ADA", "AdA"} {
		eve.want("NICK "+nick, " 433 eve "+nick+" :This nick belongs to the account ada", " NICK ")
		raw := dialPlain(t, b)
		raw.say("NICK " + nick)
		raw.want("USER x 0 * :x", " 433 * "+nick+" :This nick belongs to the account ada", " 001 ")
		raw.want("NICK another", " 001 another ", " 433 ")
		raw.want("QUIT", "ERROR ")
	}
	eve.want("NS IDENTIFY ada wrong-horse", ":NickServ!NickServ@ircbus.local NOTICE eve :the account, password or token is wrong")
	eve.want("REGISTER ada * battery-staple", "FAIL REGISTER ACCOUNT_EXISTS ada ", " SUCCESS ")
	for _, nick := range []string{"NickServ", "chanserv", "SASLSERV"} {
		eve.want("NICK "+nick, " 433 eve "+nick+" :This nick is for the server itself", " NICK ")
		eve.want("REGISTER "+nick+" * battery-staple", "FAIL REGISTER BAD_ACCOUNT_NAME", " SUCCESS ")
	}
	// An account of one's own does not help, nor does it leave one the nick of the
	// account that one had before.
	eve.want("REGISTER * * battery-staple", "REGISTER SUCCESS eve ", " FAIL ")
	eve.want("NICK ada", " 433 ", " NICK ")
	owner := connectAs(t, b.IRCAddr(), "ada", "ada:correct horse")
	if got := owner.scram("eve", "battery-staple"); got != "900" {
		t.Fatal(got)
	}
	if line := owner.until(" NICK "); !strings.Contains(line, "NICK ada_1") {
		t.Errorf("with another account the owner becomes %s", line)
	}
	// Nor do brackets, which are other letters under another casemapping.
	bracket := connect(t, b.IRCAddr(), "[a]")
	bracket.want("WHOIS {a}", " 401 ", " 311 ")
	brace := connect(t, b.IRCAddr(), "{a}")
	brace.want("NICK [A]", " 433 {a} [A] :Somebody has this nick", " NICK ")
	brace.want(`REGISTER * * battery-staple`, "FAIL REGISTER BAD_ACCOUNT_NAME {a}", " SUCCESS ")
}

// TestNicksGoToTheirOwners: who is there when an account of the nick's name comes
// to be is renamed; the owner gets the nick, from several connections, too.
func TestNicksGoToTheirOwners(t *testing.T) {
	b := openBus(t)
	squatter := connect(t, b.IRCAddr(), "bob")
	if err := b.Accounts().Add(account.Account{Name: "Bob", Role: account.User}, "battery staple"); err != nil {
		t.Fatal(err)
	}
	if line := squatter.until(" NOTICE "); !strings.Contains(line, "belongs to the account Bob") {
		t.Error(line)
	}
	if line := squatter.until(" NICK "); !strings.Contains(line, "NICK bob_1") {
		t.Error(line)
	}
	owner := connect(t, b.IRCAddr(), "robert")
	owner.want("PRIVMSG NickServ :IDENTIFY bob battery staple", " NOTICE robert :the account, password or token is wrong", " 900 ")
	if err := b.Accounts().SetPassword("bob", "battery-staple"); err != nil {
		t.Fatal(err)
	}
	owner.want("PRIVMSG NickServ@ircbus.local :IDENTIFY bob battery-staple", " 900 robert ", " NOTICE ")
	owner.until(" NOTICE robert :You are logged in as Bob, and its nick is yours: /nick Bob")
	owner.want("NICK bob", " NICK bob", " 433 ")
	second := connectAs(t, b.IRCAddr(), "bobby", "bob:battery-staple")
	second.want("NICK Bob", " NICK bob", " 433 ")
	squatter.say("PRIVMSG bob :hello")
	owner.until("PRIVMSG bob :hello")
	second.until("PRIVMSG bob :hello")
}

// TestNobodyRegistersAnothersNick: neither while somebody has it nor while
// somebody is making an account of it.
func TestNobodyRegistersAnothersNick(t *testing.T) {
	b := openBus(t)
	connect(t, b.IRCAddr(), "root")
	for _, p := range []*person{connect(t, b.IRCAddr(), "eve"), dialPlain(t, b)} {
		p.say("NICK root")
		p.want("REGISTER ROOT * battery-staple", "FAIL REGISTER ACCOUNT_EXISTS ROOT", " SUCCESS ")
	}
	var people []*person
	for range 6 {
		p := dialPlain(t, b)
		p.say("NICK carl")
		people = append(people, p)
	}
	for _, p := range people {
		p.say("REGISTER * * battery-staple")
	}
	won := 0
	for _, p := range people {
		if strings.Contains(p.until("REGISTER "), " SUCCESS carl ") {
			won++
			p.want("USER x 0 * :x", " 001 carl ", " 433 ")
			continue
		}
		p.want("USER x 0 * :x", " 433 * carl :", " 001 ")
	}
	if won != 1 {
		t.Errorf("%d people have become carl", won)
	}
}

func TestRegistrationRules(t *testing.T) {
	closed := connect(t, openBus(t, func(c *Config) { c.Registration = Registration{} }).IRCAddr(), "bob")
	closed.want("CAP LS 302", " LS ")
	closed.want("REGISTER * * battery-staple", "FAIL REGISTER TEMPORARILY_UNAVAILABLE bob ", " SUCCESS ")
	b := openBus(t, func(c *Config) { c.Registration = Registration{Open: true, PerHour: 1} })
	raw := dialPlain(t, b)
	raw.say("CAP LS 302")
	if line := raw.until(" LS "); !strings.Contains(line, " draft/account-registration ") {
		t.Error(line)
	}
	raw.want("REGISTER * * battery-staple", "FAIL REGISTER COMPLETE_CONNECTION_REQUIRED ", " SUCCESS ")
	p := connect(t, b.IRCAddr(), "bob")
	for line, want := range map[string]string{
		"REGISTER carl * battery-staple": "ACCOUNT_NAME_MUST_BE_NICK carl", "REGISTER * * short": "WEAK_PASSWORD bob",
		"REGISTER * * :irb_something-long": "UNACCEPTABLE_PASSWORD", "VERIFY bob 12": "FAIL VERIFY INVALID_CODE bob",
		"NS REGISTER short": "NOTICE bob :the password is too short",
	} {
		p.want(line, want, " SUCCESS ")
	}
	p.want("NS REGISTER battery-staple", " 900 bob ", " NOTICE ")
	p.want("REGISTER * * battery-staple", "ALREADY_AUTHENTICATED", " SUCCESS ")
	connect(t, b.IRCAddr(), "carl").want("REGISTER * * battery-staple", "TEMPORARILY_UNAVAILABLE carl :too many accounts", " SUCCESS ")
}

// TestNickServ: what belongs to an account is changed by who has logged in; the
// connection that changes it stays, others end; no password goes anywhere else.
func TestNickServ(t *testing.T) {
	b := secureBus(t)
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "c"), filepath.Join(dir, "k")
	writeCertificate(t, certFile, keyFile, 10)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	p := dialTLS(t, b, pair)
	p.say("CAP REQ :echo-message message-tags")
	p.say("NICK adele")
	p.say("USER x 0 * :x")
	p.say("CAP END")
	p.until(" 422 ")
	p.want("NS HELP", " NOTICE adele :Write to me")
	p.want("NS CERT ADD", " NOTICE adele :log in first")
	p.want("NS", " NOTICE adele :Write to me")
	p.want("NS IDENTIFY", " NOTICE adele :Write IDENTIFY")
	p.want("PRIVMSG NickServ,adele :IDENTIFY secret", " 407 adele NickServ ", " PRIVMSG ")
	p.want("PRIVMSG ChanServ :IDENTIFY secret", " 401 adele ChanServ ", " PRIVMSG ")
	p.say("@+typing=active TAGMSG NickServ")
	p.say("NOTICE NickServ :IDENTIFY secret")
	p.want("NS PASSWD a b", " NOTICE adele :log in first", " 401 ")
	if err := b.Accounts().SetPassword("ada", "correct-horse"); err != nil {
		t.Fatal(err)
	}
	other := connectAs(t, b.IRCAddr(), "ada", "ada:correct-horse")
	p.want("PRIVMSG nickserv :identify ada correct-horse", " 900 adele ", " PRIVMSG ", " 401 ")
	fingerprint := account.Fingerprint(sha256.Sum256(pair.Certificate[0])).String()
	p.want("NICKSERV CERT LIST", " NOTICE adele :You have no certificates")
	p.want("NICKSERV CERT ADD", " NOTICE adele :This certificate logs you in")
	p.want("NICKSERV CERT ADD 12", " NOTICE adele :the account, password or token is wrong")
	p.want("NICKSERV CERT LIST", " NOTICE adele :"+fingerprint)
	p.want("NS PASSWD wrong-horse battery-staple", " NOTICE adele :the account, password or token is wrong")
	p.want("NS PASSWD correct-horse short", " NOTICE adele :the password is too short")
	p.want("NS PASSWD correct-horse battery-staple", " NOTICE adele :The password is changed")
	other.until("ERROR :The login as ada is no longer good")
	byCert := dialTLS(t, b, pair)
	byCert.say("AUTHENTICATE EXTERNAL")
	byCert.want("AUTHENTICATE +", " 900 ", " 904 ")
	p.want("NS CERT DEL "+fingerprint, " NOTICE adele :This certificate does not")
	byCert.until("ERROR :The login as ada is no longer good")
	p.want("NS CERT DEL "+fingerprint, " NOTICE adele :\"ada\" has no certificate")
	p.want("WHOIS adele", " 330 adele adele ada ", " 318 ")
}

func TestServerPassword(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var config Config
	b := openBus(t, func(c *Config) { c.PasswordFile = path; config = *c })
	for pass, want := range map[string]string{
		"open sesame": " 001 x ", "": " 464 ", "open": " 464 ", "ada:correct horse": " 001 x ", "ada:wrong": " 464 ",
	} {
		p := dialPlain(t, b)
		if pass != "" {
			p.say("PASS :" + pass)
		}
		p.say("NICK x")
		p.want("REGISTER * * battery-staple", "FAIL REGISTER COMPLETE_CONNECTION_REQUIRED", " SUCCESS ") // is no way in
		p.want("USER x 0 * :x", want, " 001 ", "ERROR ")
		p.want("QUIT", "ERROR ")
	}
	if err := os.WriteFile(path, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Reload(config); err != nil {
		t.Fatal(err)
	}
	p := dialPlain(t, b)
	p.say("PASS another")
	p.say("NICK y")
	p.want("USER y 0 * :y", " 001 y ", " 464 ")
	for text, want := range map[string]string{"": "is empty", "a:b": "colon", strings.Repeat("x", 401): "more than 400", "\xff": "cannot carry"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readPassword(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readPassword(path); err == nil || !strings.Contains(err.Error(), "open to others") {
		t.Errorf("open to others: %v", err)
	}
}
