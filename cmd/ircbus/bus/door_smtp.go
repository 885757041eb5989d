package bus

import (
	"cmp"
	"context"

	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/mail"
)

// SMTP configures the door for programs that can send mail and nothing else. Whose mail
// it is, and what of it is published, the section for mail says.
type SMTP struct {
	Listen Addresses `toml:"listen"` // TCP host:port, "" = closed
	Allow  []string  `toml:"allow"`  // networks of senders, empty = loopback
}

// smtpDoor is the section with that for mail.
type smtpDoor struct {
	*SMTP
	mail *Mail
	name string // of the bus
}

func (s smtpDoor) check(found *checker) {
	found.add(s.Listen.check(), "smtp", "listen")
	_, err := prefixes(s.Allow)
	found.add(err, "smtp", "allow")
}

func (s smtpDoor) open(ctx context.Context, in *door.Inlet) (*opened, error) {
	if s.Listen == "" {
		return nil, nil
	}
	allow, err := senders(s.Allow)
	if err != nil {
		return nil, err
	}
	if err := s.mail.ensure(ctx, in); err != nil {
		return nil, err
	}
	source, err := mail.Listen(in, mail.Config{
		Listen: string(s.Listen), SMTP: true, Allow: allow, Name: s.name, Account: s.mail.accounts(in), Publisher: cmp.Or(s.mail.Publisher, defaultTeller),
		Options: mail.Options{Body: s.mail.Body, Headers: s.mail.Headers},
	})
	if err != nil {
		return nil, listenError(err, "TCP "+string(s.Listen), "", "smtp.listen")
	}
	now := &opened{source: source}
	for _, addr := range source.Addrs() {
		now.listens = append(now.listens, addr.Network()+" "+addr.String())
	}
	return now, nil
}
