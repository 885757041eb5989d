package ircd

import (
	"fmt"
	"strings"
	"testing"
)

// TestCaseA1Masks: LIST takes so many masks that are compared with all channels, and
// counts those that leave channels out among them.
func TestCaseA1Masks(t *testing.T) {
	b := newBus(t)
	u := b.user("alice")
	for _, mask := range []string{"#m%d*", "!#x%d*", "?%d"} {
		for _, n := range []int{maxListMasks, maxListMasks + 1} {
			var masks []string
			for i := range n {
				masks = append(masks, fmt.Sprintf(mask, i))
			}
			u.send("LIST " + strings.Join(masks, ","))
			all := strings.Join(u.fence(), "\n")
			if refused := strings.Contains(all, " 416 alice LIST :At most 20 masks"); refused != (n > maxListMasks) {
				t.Errorf("%d masks like %s: %s", n, mask, all)
			}
		}
	}
}

// TestCaseA1Weights: filtered views of a feed have so many patterns in all, and half of
// them from one network, however few the views are; others have room then.
func TestCaseA1Weights(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.Filters = 4 }) // 16 patterns, 8 from a network
	enter := func(nick, address string) *user {
		u := b.dialFrom(address, plainConn)
		u.send("NICK "+nick, "USER x 0 * :x")
		u.until(" 422 ")
		return u
	}
	heavy, neighbour, other := enter("heavy", "2001:db8:0:1::1"), enter("neighbour", "2001:db8:0:2::1"), enter("other", "2001:db8:1::1")
	heavy.send("JOIN #moin?" + strings.Repeat("comment=*a*&", 6) + "page=x")
	heavy.fence()
	for _, test := range []struct {
		u       *user
		refused bool
	}{{neighbour, true}, {other, false}} {
		test.u.send("JOIN #moin?comment=*b*&comment=*c*&comment=*d*")
		all := strings.Join(test.u.fence(), "\n")
		if refused := strings.Contains(all, "patterns from your network already, the limit"); refused != test.refused {
			t.Errorf("refused is %v: %s", refused, all)
		}
	}
}
