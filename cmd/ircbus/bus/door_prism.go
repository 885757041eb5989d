package bus

import (
	"context"
	"fmt"
	"net/http"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/api"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/prism"
)

// Prism configures the door for what sends to TwistedPrism.
type Prism struct {
	HTTP            bool      `toml:"http"`
	Netcat          Addresses `toml:"netcat"` // TCP host:port, "" = closed
	Publisher       string    `toml:"publisher"`
	Channels        []string  `toml:"channels"`         // of the publisher, beyond its own
	DefaultChannels []string  `toml:"default_channels"` // empty = the publisher's own
	DefaultUsers    []string  `toml:"default_users"`
	Allow           []string  `toml:"allow"` // networks that need no secret, empty = loopback, or nobody if there are secrets
	SecretsFile     string    `toml:"secrets_file"`
	Storm           int       `toml:"storm"` // messages a minute from one client, 0 = any number
}

func (p *Prism) isOpen() bool { return p.HTTP || p.Netcat != "" }

func (p *Prism) check(found *checker) {
	found.add(p.Netcat.check(), "prism", "netcat")
	_, err := prefixes(p.Allow)
	found.add(err, "prism", "allow")
	checkSpeaker(found, "prism", p.Publisher, p.Channels, p.isOpen())
	for _, channel := range p.DefaultChannels {
		found.add(ircbus.CheckChannel(channel), "prism", "default_channels")
	}
	if p.Storm < 0 {
		found.add(fmt.Errorf("%d must not be negative", p.Storm), "prism", "storm")
	}
}

func (p *Prism) open(ctx context.Context, in *door.Inlet) (*opened, error) {
	if !p.isOpen() {
		return nil, nil
	}
	name, err := in.Speaker(ctx, p.Publisher, p.Channels)
	if err != nil {
		return nil, fmt.Errorf("prism.publisher: %w", err)
	}
	secrets, allow, err := proofs("prism", p.SecretsFile, p.Allow)
	if err != nil {
		return nil, err
	}
	if secrets != nil {
		secrets.Behind(in)
	}
	source, err := prism.Open(in, prism.Config{
		Account: name, Netcat: string(p.Netcat), Allow: allow, Secrets: secrets,
		Channels: p.DefaultChannels, Users: p.DefaultUsers, Storm: p.Storm,
	})
	if err != nil {
		return nil, listenError(err, string(p.Netcat), "", "prism.netcat")
	}
	o := &opened{source: source}
	if source.Addr() != nil {
		o.listens = append(o.listens, "tcp "+source.Addr().String())
	}
	if p.HTTP {
		o.listens = append(o.listens, "http "+prism.Path)
		o.routes = []api.Door{{Methods: []string{http.MethodGet, http.MethodPost, http.MethodPut}, Pattern: prism.Path, Serve: source.ServeHTTP}}
	}
	return o, nil
}
