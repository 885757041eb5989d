package bus

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ircbus/ircbus/publisher/door"
)

// DoorReport is what an open door has taken and refused.
type DoorReport struct {
	door.Report
	Listens []string `json:"listens"`           // where, as in "udp 127.0.0.1:8669"
	Failure string   `json:"failure,omitempty"` // why it does not work at present
}

// Doors returns the reports of all open doors.
func (b *Bus) Doors() []DoorReport {
	reports := make([]DoorReport, len(b.doors))
	for i, d := range b.doors {
		reports[i] = DoorReport{Report: d.in.Report(), Listens: d.current().listens}
		if err := d.failing(); err != nil {
			reports[i].Failure = err.Error()
		}
	}
	return reports
}

// webAccount is who an HTTP request proves to be.
func (b *Bus) webAccount(r *http.Request) (string, error) { return b.api.Account(r) }

var (
	doorUp         = gauge("ircbus_door_up", "Whether the door works: 0 after a failure, until it is open again.", "door")
	doorReceived   = counter("ircbus_door_received_total", "Packets, requests and lines received.", "door")
	doorEvents     = counter("ircbus_door_events_total", "Events stored.", "door")
	doorDuplicates = counter("ircbus_door_duplicates_total", "Events that the log had before.", "door")
	doorMemos      = counter("ircbus_door_memos_total", "Messages to people kept, until they have them.", "door")
	doorRefused    = counter("ircbus_door_refused_total", "Input refused.", "door", "reason")
	doorDropped    = counter("ircbus_door_dropped_total", "Input lost, by where.", "door", "where")
	doorQueued     = gauge("ircbus_door_queued_bytes", "Bytes of input that wait for the store.", "door")
	doorBuffer     = gauge("ircbus_door_receive_buffer_bytes", "The receive buffer of the door's UDP socket, 0 without one.", "door")
)

func (f figures) doors(to chan<- prometheus.Metric) {
	for _, r := range f.bus.Doors() {
		up := 1.0
		if r.Failure != "" {
			up = 0
		}
		to <- doorUp.is(up, r.Door)
		to <- doorReceived.is(float64(r.Received), r.Door)
		to <- doorEvents.is(float64(r.Stored), r.Door)
		to <- doorDuplicates.is(float64(r.Duplicates), r.Door)
		to <- doorMemos.is(float64(r.Memos), r.Door)
		for reason, count := range r.Refused {
			to <- doorRefused.is(float64(count), r.Door, string(reason))
		}
		for where, count := range r.Dropped {
			to <- doorDropped.is(float64(count), r.Door, string(where))
		}
		to <- doorQueued.is(float64(r.Queued), r.Door)
		to <- doorBuffer.is(float64(r.ReceiveBuffer), r.Door)
	}
}
