package ircd

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
)

// TestOutlet: what the system does not take waits, in order, up to a limit, and
// nobody waits for it but who sees it off.
func TestOutlet(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	near, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	o := &outlet{Conn: near}
	o.open()
	if !o.isOpen() {
		t.Fatal("it is not open")
	}
	var sent bytes.Buffer
	for i := 0; ; i++ {
		b := bytes.Repeat([]byte{byte(i)}, 30_000)
		if n, err := o.Write(b); err != nil {
			sent.Write(b[:n])
			if !errors.Is(err, errOutlet) {
				t.Error(err)
			}
			break
		}
		sent.Write(b)
	}
	if len(o.rest) > maxOutlet || !o.waits() {
		t.Errorf("%d bytes wait", len(o.rest))
	}
	got := make([]byte, sent.Len())
	read := make(chan error)
	go func() {
		_, err := io.ReadFull(far, got)
		read <- err
	}()
	if err := o.seeOff(net.Conn.Write); err != nil || o.waits() {
		t.Error(err)
	}
	if err := <-read; err != nil || !bytes.Equal(got, sent.Bytes()) {
		t.Errorf("something else came: %v", err)
	}
}
