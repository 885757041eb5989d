package door

import "testing"

func TestQueue(t *testing.T) {
	packet := Packet{Data: make([]byte, 100)}
	q := newQueue(3 * cost(packet))
	for i := range 4 {
		if fits := q.put(packet); fits != (i < 3) {
			t.Errorf("packet %d: fits is %v", i, fits)
		}
	}
	batch, more := q.take(nil, 2)
	if len(batch) != 2 || !more || q.put(packet) {
		t.Errorf("took %d packets, more is %v; what is taken still counts", len(batch), more)
	}
	q.done(batch)
	if !q.put(packet) {
		t.Error("there is no room after two packets are done")
	}
	q.close()
	if batch, more = q.take(nil, 1); len(batch) != 1 || !more {
		t.Errorf("took %d packets, more is %v", len(batch), more)
	}
	if batch, more = q.take(nil, 9); len(batch) != 1 || more {
		t.Errorf("took %d packets at the end, more is %v", len(batch), more)
	}
}
