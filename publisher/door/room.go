package door

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
)

// firstRecord is how long a connection may be open before it has sent anything
// whole.
const firstRecord = 2 * time.Minute

// Room is how many connections a door has at once, and who has them. One that has
// sent nothing whole for two minutes is closed. Later a silent one is only closed to
// make room, for what is on its way to it would be lost.
type Room struct {
	// static
	max   int           // connections
	share int           // of them, from one narrow network or Unix user; twice as many from a wide network
	first time.Duration // see firstRecord

	mu     sync.Mutex
	places map[*Place]struct{}
	counts map[string]int // by narrow and wide network, and by user; no zeros
}

// NewRoom makes room for so many connections, share of them for one IPv4 address,
// IPv6 /64 or Unix user, and twice as many for a /24 or /48.
func NewRoom(max, share int) *Room {
	return &Room{max: max, share: share, first: firstRecord, places: make(map[*Place]struct{}), counts: make(map[string]int)}
}

// Place is that of one connection. Its methods may be called from any goroutine, and
// do nothing on nil.
type Place struct {
	of           *Room
	narrow, wide string
	close        func()
	timer        *time.Timer

	// guarded by of.mu
	last  time.Time // when it came, or sent something whole
	heard bool
	busy  bool // with something that must not be cut short
	gone  bool
}

// Enter gives a connection from an address its place; close closes it, and must not
// wait. Loopback has no share.
func (r *Room) Enter(from netip.Addr, close func()) (*Place, error) {
	network := ircbus.NetworkOf(from)
	return r.enter(network.Narrow.String(), network.Wide.String(), !from.IsLoopback(), close)
}

// EnterUser is Enter for a Unix user.
func (r *Room) EnterUser(user string, close func()) (*Place, error) {
	return r.enter("", "user "+user, true, close)
}

func (r *Room) enter(narrow, wide string, limited bool, close func()) (*Place, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	most := 2 * r.share
	if narrow == "" {
		most = r.share
	}
	if limited && (narrow != "" && r.counts[narrow] >= r.share || r.counts[wide] >= most) {
		return nil, fmt.Errorf("%d connections are open from there; the limits are %d for an address or user and %d for a network", r.counts[wide], r.share, 2*r.share)
	}
	if len(r.places) >= r.max && !r.makeRoom() {
		return nil, fmt.Errorf("%d connections are open, the limit, and all of them are busy", len(r.places))
	}
	p := &Place{of: r, narrow: narrow, wide: wide, close: close, last: time.Now()}
	p.timer = time.AfterFunc(r.first, p.silent)
	r.places[p] = struct{}{}
	r.count(p, 1)
	return p, nil
}

// makeRoom closes the connection that has been silent the longest of the network or
// user with the most. mu is held.
func (r *Room) makeRoom() bool {
	var oldest *Place
	for p := range r.places {
		if p.busy {
			continue
		}
		if oldest == nil || r.counts[p.wide] > r.counts[oldest.wide] ||
			r.counts[p.wide] == r.counts[oldest.wide] && p.last.Before(oldest.last) {
			oldest = p
		}
	}
	if oldest == nil {
		return false
	}
	r.leave(oldest)
	oldest.close()
	return true
}

func (r *Room) count(p *Place, delta int) {
	for _, key := range []string{p.narrow, p.wide} {
		if key == "" {
			continue
		}
		if r.counts[key] += delta; r.counts[key] == 0 {
			delete(r.counts, key)
		}
	}
}

func (r *Room) leave(p *Place) {
	if !p.gone {
		p.gone = true
		p.timer.Stop()
		delete(r.places, p)
		r.count(p, -1)
	}
}

// silent closes a connection that has sent nothing whole.
func (p *Place) silent() {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	if !p.heard && !p.busy && !p.gone {
		p.of.leave(p)
		p.close()
	}
}

// Heard says that the connection has sent something whole.
func (p *Place) Heard() { p.set(false) }

// Busy says that the connection has begun something that must not be cut short;
// Heard ends that.
func (p *Place) Busy() { p.set(true) }

func (p *Place) set(busy bool) {
	if p == nil {
		return
	}
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	p.last, p.busy, p.heard = time.Now(), busy, p.heard || !busy
	if p.heard {
		p.timer.Stop()
	}
}

// Leave gives the place back. It may be called again.
func (p *Place) Leave() {
	if p == nil {
		return
	}
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	p.of.leave(p)
}

type placeKey struct{}

// Heard says that the connection that Conns serves with ctx has sent something
// whole.
func Heard(ctx context.Context) {
	p, _ := ctx.Value(placeKey{}).(*Place)
	p.Heard()
}
