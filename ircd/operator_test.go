package ircd

import (
	"strings"
	"testing"
)

// TestOperatorLosesItsAccount: who became operator with an account is none when
// the account's secret is no longer good.
func TestOperatorLosesItsAccount(t *testing.T) {
	b := newBus(t)
	ada, ben := b.user("ada"), b.user("ben")
	ada.send("OPER operada secret")
	ada.until(" is an operator now")
	ben.send("OPER operben secret")
	ben.until(" is an operator now")
	ada.until("ben!~ben@127.0.0.1 is an operator now, as operben")
	b.LogOut([]string{"OperAda"})
	if got := ada.line(); got != ":ada MODE ada -o" {
		t.Error(got)
	}
	ada.send("KILL ben")
	if got := ada.line(); !strings.Contains(got, " 481 ") {
		t.Error(got)
	}
	ben.send("LUSERS")
	ben.until(" 252 ben 1 ")
}

// TestOperatorsAreNotSlowed: the limit on lines is not for operators.
func TestOperatorsAreNotSlowed(t *testing.T) {
	u := newBus(t, func(c *Config) { c.Limits.Lines, c.Limits.Burst = 0.001, 5 }).user("ada")
	u.send("OPER operada secret")
	u.until(" is an operator now")
	for range 20 {
		u.send("TIME")
	}
	if got := u.fence(); len(got) != 20 {
		t.Errorf("%q", got)
	}
}

// TestKillEndsEveryConnection: of a nick that several share, each is told.
func TestKillEndsEveryConnection(t *testing.T) {
	b := newBus(t)
	ada, witness := b.user("ada"), b.user("witness")
	one, two := b.publisher("moin"), b.publisher("moin")
	for _, u := range []*user{witness, one} {
		u.send("JOIN #talk")
		u.until(" 366 ")
	}
	ada.send("OPER operada secret", "KILL moin :enough")
	ada.until(" killed moin!moin@irc.test: enough")
	for _, u := range []*user{one, two} {
		if got := strings.Join(u.rest(), "\n"); !strings.Contains(got, " KILL moin enough\n") || !strings.HasSuffix(got, "ERROR :Closing Link: irc.test (Killed (ada (enough)))") {
			t.Error(got)
		}
	}
	witness.until(":moin!moin@irc.test QUIT :Killed (ada (enough))")
	if extra := witness.fence(); len(extra) > 0 {
		t.Errorf("also %q", extra)
	}
}
