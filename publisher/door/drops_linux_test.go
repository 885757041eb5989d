package door

import (
	"context"
	"net"
	"testing"
)

// Every packet is counted: those that the kernel dropped too.
func TestKernelDrops(t *testing.T) {
	in := New("test", Bus{})
	p, err := ListenPackets(in, "127.0.0.1:0", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.sockets[0].conn.SetReadBuffer(1); err != nil { // as small as it gets
		t.Fatal(err)
	}
	sender, err := net.Dial("udp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	send := func(text string) {
		if _, err := sender.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2_000 {
		send("one of many")
	}
	prepareSocket(p.sockets[0].conn) // room for one that tells of the drops
	send("last")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err = p.Run(ctx, func(_ context.Context, batch []Packet) {
		if string(batch[len(batch)-1].Data) == "last" {
			cancel()
		}
	})
	if got := in.Report(); err != nil || got.Dropped[Kernel] == 0 || got.Received+got.Dropped[Kernel] != 2_001 {
		t.Errorf("%v, %+v", err, got)
	}
}
