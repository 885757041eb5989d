package ircd

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestCaseA6Age: a login by password counts for five minutes as a proof that
// somebody may change how the account logs in, and one by a token never does.
func TestCaseA6Age(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &client{srv: &Server{}}
		if err := c.mayChangeLogin("ada", ""); err != errNotProven {
			t.Errorf("by a token: %v", err)
		}
		c.proven = time.Now()
		time.Sleep(5 * time.Minute)
		if err := c.mayChangeLogin("ada", ""); err != nil {
			t.Errorf("after five minutes: %v", err)
		}
		time.Sleep(time.Second)
		if err := c.mayChangeLogin("ada", ""); err != errNotProven {
			t.Errorf("later: %v", err)
		}
	})
}
