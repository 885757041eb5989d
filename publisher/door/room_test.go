package door

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// Who has sent nothing whole is closed after two minutes; who has may be silent for
// hours, and only gives way when there is no room: the longest silent of the network
// or user with the most connections.
func TestCaseA12(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRoom(6, 4)
		closed := ""
		enter := func(name, from string) *Place {
			t.Helper()
			p, err := r.Enter(netip.MustParseAddr(from), func() { closed += name + " " })
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return p
		}
		is := func(want string) {
			t.Helper()
			synctest.Wait()
			r.mu.Lock() // under which connections are closed
			defer r.mu.Unlock()
			if closed != want {
				t.Errorf("closed: %q, want %q", closed, want)
			}
			closed = ""
		}
		enter("silent", "192.0.2.1")
		enter("begun", "192.0.2.1").Busy()
		quiet := enter("quiet", "192.0.2.2")
		time.Sleep(time.Minute)
		quiet.Heard()
		enter("later", "192.0.2.3")
		time.Sleep(time.Minute + time.Second)
		is("silent ")
		time.Sleep(5 * time.Hour)
		is("later ")
		for i := range 3 {
			enter(fmt.Sprint("new", i), "198.51.100.1").Heard()
			time.Sleep(time.Second)
		}
		other := enter("other", "2001:db8::1")
		other.Heard()
		is("")
		enter("makes room", "203.0.113.1")
		is("new0 ") // of the fullest network, the one that has been silent the longest
		other.Leave()
		other.Leave()
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.places) != 5 || r.counts["2001:db8::/64"] != 0 {
			t.Errorf("%d are in: %v", len(r.places), r.counts)
		}
	})
}

// One network or Unix user has its share; this machine's TCP has all there is.
func TestCaseA12Shares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, share := range map[string]struct {
			want  int
			enter func(r *Room, i int) error
		}{
			"address": {4, func(r *Room, i int) error {
				_, err := r.Enter(netip.MustParseAddr("192.0.2.1"), func() {})
				return err
			}},
			"network": {8, func(r *Room, i int) error {
				_, err := r.Enter(netip.MustParseAddr(fmt.Sprintf("2001:db8:0:%d::1", i)), func() {})
				return err
			}},
			"user": {4, func(r *Room, i int) error {
				_, err := r.EnterUser("nobody", func() {})
				return err
			}},
			"loopback": {20, func(r *Room, i int) error {
				_, err := r.Enter(netip.MustParseAddr("127.0.0.1"), func() {})
				return err
			}},
		} {
			r, in := NewRoom(16, 4), 0
			for i := range 20 {
				if share.enter(r, i) == nil {
					in++
				}
			}
			if in != share.want {
				t.Errorf("%s: %d may enter, want %d", name, in, share.want)
			}
			if _, err := r.EnterUser("root", func() {}); err != nil {
				t.Errorf("%s: somebody else: %v", name, err)
			}
		}
		time.Sleep(firstRecord)
	})
}

// A real listener: silent connections are closed, and while they fill all the room a
// new one gets in.
func TestCaseA12Listener(t *testing.T) {
	in := New("test", Bus{})
	c, err := ListenConns(in, "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	c.room = NewRoom(3, 2)
	c.room.first = 20 * time.Millisecond // before anybody comes
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- c.Run(ctx, func(ctx context.Context, conn net.Conn) {
			var b [1]byte
			for {
				if _, err := conn.Read(b[:]); err != nil {
					return
				}
				Heard(ctx)
				conn.Write(b[:])
			}
		})
	}()
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", c.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(time.Minute))
		return conn
	}
	var b [1]byte
	if _, err := dial().Read(b[:]); err == nil {
		t.Error("a silent connection was told something")
	}
	c.room.mu.Lock()
	c.room.first = time.Hour
	c.room.mu.Unlock()
	var all []net.Conn
	for i := range 6 {
		conn := dial()
		conn.Write([]byte("<")) // which no request of HTTP begins with
		if _, err := conn.Read(b[:]); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		all = append(all, conn)
	}
	for i, conn := range all[:3] {
		if _, err := conn.Read(b[:]); err == nil {
			t.Errorf("connection %d has not given way", i)
		}
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
