package mediawiki

import "testing"

// Every packet is counted: those that the kernel dropped too.
func TestKernelDrops(t *testing.T) {
	b := listen(t, Config{})
	if err := b.conn.SetReadBuffer(1); err != nil { // as small as it gets
		t.Fatal(err)
	}
	for _, packet := range burst(t, 2_000, 1) {
		b.send(packet)
	}
	prepareSocket(b.conn) // room for one that tells of the drops
	b.send(`{"type":"edit","wiki":"last"}`)
	b.run()
	for last := false; !last; {
		for _, e := range b.await(1) {
			last = last || e.Publisher == "last"
		}
	}
	if got := b.Stats(); got.KernelDrops == 0 || got.Received+got.KernelDrops != 2_001 {
		t.Errorf("%+v", got)
	}
}
