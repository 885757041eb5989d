package ircd

import (
	"net/netip"
	"time"
)

// maxPast is how many past nicks are remembered.
const maxPast = 1000

// pastNick is somebody who had a nick and has it no more.
type pastNick struct {
	nick, user, host, real, account string
	addr                            netip.Addr // for operators; may be invalid
	until                           time.Time
}

// pastNicks are the last of them, in a ring. Guarded by Server.mu.
type pastNicks struct {
	ring []pastNick
	next int // where the next one goes once the ring is full
}

func (p *pastNicks) add(one pastNick) {
	if len(p.ring) < maxPast {
		p.ring = append(p.ring, one)
		return
	}
	p.ring[p.next] = one
	p.next = (p.next + 1) % maxPast
}

// find returns who had the nick, the latest first: at most max, or all if that
// is not positive.
func (p *pastNicks) find(nick string, max int) []pastNick {
	var found []pastNick
	for i := range p.ring {
		one := p.ring[(p.next+len(p.ring)-1-i)%len(p.ring)]
		if foldNick(one.nick) == foldNick(nick) {
			found = append(found, one)
		}
		if max > 0 && len(found) == max {
			break
		}
	}
	return found
}
