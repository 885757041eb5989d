package ircd

import (
	"bytes"
	"net"
	"strings"
	"testing"
)

// TestTrimmedUnderAWriter: a member that is cut off between two looks of its
// writer may find its bytes gone.
func TestTrimmedUnderAWriter(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	never := func(func()) {}
	st := newStream(&flusher{start: never}, 1000)
	m := st.join(newConn(&hub{start: never}, far, 1000))
	st.append(1, &lines{texts: [][]byte{[]byte(strings.Repeat("x", maxChunk))}})
	st.append(2, &lines{texts: [][]byte{[]byte("y")}})
	if piece := st.next(m, m.until()); piece != nil || !m.conn.isCut() {
		t.Errorf("got %q, cut: %v", piece, m.conn.isCut())
	}
	if id := st.firstUnwritten(m); id != 1 {
		t.Errorf("the first event it lacks is %d", id)
	}
}

// TestTooSlowBetweenRenderings: the place to resume counts a rendering that
// the connection was to go on with.
func TestTooSlowBetweenRenderings(t *testing.T) {
	st := newStream(&flusher{start: func(func()) {}}, 1<<20)
	c := &conn{}
	m := st.join(c)
	st.append(5, &lines{texts: [][]byte{[]byte("x")}})
	c.arrivals = []arrival{{0, []*member{m}}}
	if got := string(c.tooSlow()); got != "ERROR :Too slow: resume after id 4\r\n" {
		t.Errorf("got %q", got)
	}
}

// TestJoinWhileEnding: a connection that is being ended while it joins leaves
// no place behind, for which everything after would be kept.
func TestJoinWhileEnding(t *testing.T) {
	b := newBus(t)
	alice, bob := b.user("alice"), b.user("bob")
	alice.send("JOIN #moin")
	alice.fence()
	c := clientOf(t, b, "bob")
	b.Server.mu.Lock()
	c.conn.finish("ERROR :Go away")
	c.answer("JOIN", c.join("#moin", ""))
	c.flush()
	st := c.views.get("#moin").place.stream
	b.Server.mu.Unlock()
	bob.rest()
	bob.nc.Close()
	wait(t, "the connection to be forgotten", func() bool { return b.Stats().Connections == 1 })
	st.mu.Lock() // all was given back before it was forgotten
	defer st.mu.Unlock()
	if len(st.members) != 1 {
		t.Errorf("%d places are left, want alice's", len(st.members))
	}
}

// TestStrangersLeaveLessUnread: somebody who has not logged in can make less
// wait than an account can.
func TestStrangersLeaveLessUnread(t *testing.T) {
	b := newBus(t)
	b.user("alice")
	b.publisher("moin")
	b.Server.mu.Lock()
	defer b.Server.mu.Unlock()
	for c := range b.Server.clients {
		c.conn.queue(bytes.Repeat([]byte("x"), maxReplies+1))
		if cut := c.conn.isCut(); cut != (c.account == "") {
			t.Errorf("%s, account %q: cut off is %v", c.nick, c.account, cut)
		}
	}
}
