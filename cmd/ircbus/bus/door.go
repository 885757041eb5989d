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

// loopback is who may send where the configuration names nobody.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// allowed are the networks whose packets are taken.
func (m MediaWiki) allowed() ([]netip.Prefix, error) {
	if len(m.Allow) == 0 {
		return loopback, nil
	}
	return prefixes(m.Allow)
}
