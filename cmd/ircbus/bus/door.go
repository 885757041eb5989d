package bus

import (
	"context"
	"net/netip"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mediawiki"
)

// openDoor opens the door for MediaWiki's packets if it is configured.
func (b *Bus) openDoor() error {
	c := b.config.MediaWiki
	if c.Listen == "" {
		return nil
	}
	allow, err := c.allowed()
	if err != nil {
		return err
	}
	b.door, err = mediawiki.Listen(mediawiki.Config{
		Listen: c.Listen, Allow: allow, Names: c.Names, Wiki: c.Wiki,
		MaxBody: b.config.MaxEvent, Append: b.appendKnown, Ensure: b.Ensure, Refused: b.metrics.refused, Log: b.log,
	})
	if err != nil {
		return listenError(err, "UDP "+c.Listen, "", "mediawiki.listen")
	}
	return nil
}

// appendKnown is Append for doors that remember their publishers: it refuses
// those whose account has been removed since.
func (b *Bus) appendKnown(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
	for _, e := range batch {
		if !b.directory.knows(e.Publisher) {
			return nil, ircbus.Refuse(ircbus.NotPublisher, "there is no publisher %q any more", e.Publisher)
		}
	}
	return b.Append(ctx, batch)
}

// exposeDoor writes the figures of the MediaWiki door if it is open.
func (b *Bus) exposeDoor(x *exposition) {
	if b.door == nil {
		return
	}
	stats := b.door.Stats()
	x.counter("ircbus_mediawiki_received_total", "Datagrams received.", stats.Received)
	x.counter("ircbus_mediawiki_events_total", "Changes stored.", stats.Events)
	x.counter("ircbus_mediawiki_duplicates_total", "Changes that the log had before.", stats.Duplicates)
	x.counters("ircbus_mediawiki_refused_total", "Datagrams refused.", "reason", map[string]uint64{
		"malformed": stats.Malformed, "sender": stats.DeniedSender, "name": stats.DeniedName, "event": stats.Refused,
	})
	x.counters("ircbus_mediawiki_dropped_total", "Datagrams lost, by where.", "where", map[string]uint64{
		"kernel": stats.KernelDrops, "queue": stats.QueueDrops,
	})
	x.gauge("ircbus_mediawiki_queued_bytes", "Bytes of datagrams that wait for the store.", float64(stats.Queued))
	x.gauge("ircbus_mediawiki_receive_buffer_bytes", "The socket's receive buffer.", float64(stats.ReceiveBuffer))
}

// loopback is who may send where the configuration names nobody.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// allowed are the networks whose packets are taken.
func (m MediaWiki) allowed() ([]netip.Prefix, error) {
	if len(m.Allow) == 0 {
		return loopback, nil
	}
	return prefixes(m.Allow)
}
