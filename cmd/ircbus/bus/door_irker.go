package bus

import (
	"context"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/irker"
)

// Irker configures the door that takes irkerd's place.
type Irker struct {
	Listen    Addresses `toml:"listen"`    // host:port for TCP and UDP, "" = closed
	Allow     []string  `toml:"allow"`     // senders' networks, empty = loopback
	Publisher string    `toml:"publisher"` // who publishes what comes
	Channels  []string  `toml:"channels"`  // "PATTERN=#CHANNEL", the first that matches
}

func (i *Irker) check(found *checker) {
	found.add(i.Listen.check(), "irker", "listen")
	_, err := prefixes(i.Allow)
	found.add(err, "irker", "allow")
	_, err = i.rules()
	found.add(err, "irker", "channels")
	if i.Listen != "" {
		found.add(ircbus.CheckName(i.Publisher), "irker", "publisher")
	}
}

func (i *Irker) rules() (rules []irker.Rule, err error) {
	for _, text := range i.Channels {
		rule, err := irker.ParseRule(text)
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func (i *Irker) open(ctx context.Context, in *door.Inlet) (*opened, error) {
	if i.Listen == "" {
		return nil, nil
	}
	allow, err := senders(i.Allow)
	if err != nil {
		return nil, err
	}
	rules, err := i.rules()
	if err != nil {
		return nil, err
	}
	account, _, err := in.Ensure(ctx, ircbus.Wiki{Publisher: i.Publisher})
	if err != nil {
		return nil, err
	}
	source, err := irker.Listen(in, irker.Config{Listen: string(i.Listen), Allow: allow, Publisher: account, Rules: rules})
	if err != nil {
		return nil, listenError(err, "TCP and UDP "+string(i.Listen), "", "irker.listen")
	}
	tcp, udp := source.Addrs()
	return &opened{source: source, listens: []string{"tcp " + tcp.String(), "udp " + udp.String()}}, nil
}
