package bus

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/psyc"
)

// PSYC configures the door for PSYC notices.
type PSYC struct {
	Listen      Addresses         `toml:"listen"` // host:port for TCP and UDP, "" = closed
	Allow       []string          `toml:"allow"`  // networks that need no check, empty = loopback, or nobody if there are secrets
	SecretsFile string            `toml:"secrets_file"`
	Hosts       []string          `toml:"hosts"` // in addresses of ours, empty = any
	Publisher   string            `toml:"publisher"`
	Channels    []string          `toml:"channels"`  // of the publisher, beyond its own
	Templates   map[string]string `toml:"templates"` // by method
}

var psycMethod = regexp.MustCompile(`^(_[A-Za-z0-9]+)+$`)

func (p *PSYC) check(found *checker) {
	found.add(p.Listen.check(), "psyc", "listen")
	_, err := prefixes(p.Allow)
	found.add(err, "psyc", "allow")
	checkSpeaker(found, "psyc", p.Publisher, p.Channels, p.Listen != "")
	for _, host := range p.Hosts {
		if host == "" || strings.ContainsAny(host, " /") {
			found.add(fmt.Errorf("%q is not the name of a host", host), "psyc", "hosts")
		}
	}
	for _, method := range sortedKeys(p.Templates) {
		if !psycMethod.MatchString(method) {
			found.add(fmt.Errorf("%q is not a method like _notice_update_wiki", method), "psyc", "templates", method)
		}
	}
}

func (p *PSYC) open(ctx context.Context, in *door.Inlet) (*opened, error) {
	if p.Listen == "" {
		return nil, nil
	}
	name, err := in.Speaker(ctx, p.Publisher, p.Channels)
	if err != nil {
		return nil, fmt.Errorf("psyc.publisher: %w", err)
	}
	secrets, allow, err := proofs("psyc", p.SecretsFile, p.Allow)
	if err != nil {
		return nil, err
	}
	if secrets != nil {
		secrets.Behind(in)
	}
	source, err := psyc.Listen(in, psyc.Config{
		Account: name, Listen: string(p.Listen), Host: "localhost", Hosts: p.Hosts, Allow: allow, Secrets: secrets, Templates: p.Templates,
	})
	if err != nil {
		return nil, listenError(err, "TCP and UDP "+string(p.Listen), "", "psyc.listen")
	}
	tcp, udp := source.Addrs()
	return &opened{source: source, listens: []string{"tcp " + tcp.String(), "udp " + udp.String()}}, nil
}
