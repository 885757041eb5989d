package bus

import (
	"cmp"
	"context"
	"errors"
	"net"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/syslog"
)

// Syslog configures the door for syslog.
type Syslog struct {
	UDP       Addresses `toml:"udp"`       // host:port, "" = not
	TCP       Addresses `toml:"tcp"`       // host:port, "" = not
	Allow     []string  `toml:"allow"`     // senders' networks, empty = loopback
	Severity  string    `toml:"severity"`  // the least urgent that is taken, "" = debug
	Publisher string    `toml:"publisher"` // who publishes what comes
	Channel   string    `toml:"channel"`   // one of its channels, "" = its first
}

func (s *Syslog) check(found *checker) {
	found.add(s.UDP.check(), "syslog", "udp")
	found.add(s.TCP.check(), "syslog", "tcp")
	_, err := prefixes(s.Allow)
	found.add(err, "syslog", "allow")
	_, err = s.severity()
	found.add(err, "syslog", "severity")
	if s.UDP == "" && s.TCP == "" {
		return
	}
	found.add(ircbus.CheckName(s.Publisher), "syslog", "publisher")
	if s.Channel != "" {
		found.add(ircbus.CheckChannel(s.Channel), "syslog", "channel")
	}
}

func (s *Syslog) severity() (syslog.Severity, error) {
	return syslog.ParseSeverity(cmp.Or(s.Severity, "debug"))
}

func (s *Syslog) open(ctx context.Context, in *door.Inlet) (*opened, error) {
	if s.UDP == "" && s.TCP == "" {
		return nil, nil
	}
	allow, err := senders(s.Allow)
	if err != nil {
		return nil, err
	}
	severity, err := s.severity()
	if err != nil {
		return nil, err
	}
	account, _, err := in.Ensure(ctx, ircbus.Wiki{Publisher: s.Publisher})
	if err != nil {
		return nil, err
	}
	if _, err := in.Feed(account, s.Channel); err != nil {
		return nil, err
	}
	source, err := syslog.Listen(in, syslog.Config{UDP: string(s.UDP), TCP: string(s.TCP), Allow: allow, Severity: severity, Account: account, Channel: s.Channel})
	if err != nil {
		if op, ok := errors.AsType[*net.OpError](err); ok && op.Net == "tcp" {
			return nil, listenError(err, "TCP "+string(s.TCP), "", "syslog.tcp")
		}
		return nil, listenError(err, "UDP "+string(s.UDP), "", "syslog.udp")
	}
	now := &opened{source: source}
	for _, addr := range source.Addrs() {
		now.listens = append(now.listens, addr.Network()+" "+addr.String())
	}
	return now, nil
}
