package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/api"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/mail"
)

// Mail configures the door for mails: ircbus mail, LMTP, and HTTP.
type Mail struct {
	Socket     string            `toml:"socket"`     // path of the Unix socket, "" = none
	Listen     Addresses         `toml:"listen"`     // LMTP, TCP host:port, "" = none
	Allow      []string          `toml:"allow"`      // networks of mail servers, empty = loopback
	HTTP       bool              `toml:"http"`       // POST /doors/mail
	Trusted    []string          `toml:"trusted"`    // Unix users who may deliver for everybody
	Publisher  string            `toml:"publisher"`  // who tells people
	Body       int               `toml:"body"`       // bytes of the text to publish
	Headers    []string          `toml:"headers"`    // to publish beside the usual ones
	People     map[string]string `toml:"people"`     // recipient → person's account, if they differ
	Publishers map[string]string `toml:"publishers"` // recipient → publisher's account
}

// defaultTeller is the account that tells people of their mail.
const defaultTeller = "mail"

// maxMailBody leaves room for the headers in an event.
const maxMailBody = 8 << 10

func (m *Mail) check(found *checker) {
	found.add(m.Listen.check(), "mail", "listen")
	_, err := prefixes(m.Allow)
	found.add(err, "mail", "allow")
	if m.Body < 0 || m.Body > maxMailBody {
		found.add(fmt.Errorf("%d must be 0 to %d bytes", m.Body, maxMailBody), "mail", "body")
	}
	if m.Publisher != "" {
		found.add(ircbus.CheckName(m.Publisher), "mail", "publisher")
	}
	for recipient, account := range m.Publishers {
		found.add(ircbus.CheckName(account), "mail", "publishers", recipient)
		if _, both := m.People[recipient]; both {
			found.add(errors.New("the recipient is in mail.people, too: its mail is either public or not"), "mail", "publishers", recipient)
		}
	}
}

func (m *Mail) open(ctx context.Context, in *door.Inlet) (*opened, error) {
	if m.Socket == "" && m.Listen == "" && !m.HTTP {
		return nil, nil
	}
	teller := cmp.Or(m.Publisher, defaultTeller)
	if err := m.ensure(ctx, in); err != nil {
		return nil, err
	}
	allow, err := senders(m.Allow)
	if err != nil {
		return nil, err
	}
	source, err := mail.Listen(in, mail.Config{
		Socket: m.Socket, Listen: string(m.Listen), Allow: allow, Trusted: m.Trusted,
		Account: m.accounts(in), Publisher: teller,
		Options: mail.Options{Body: m.Body, Headers: m.Headers},
	})
	if err != nil {
		return nil, err
	}
	o := &opened{source: source}
	for _, addr := range source.Addrs() {
		o.listens = append(o.listens, addr.Network()+" "+addr.String())
	}
	if m.HTTP {
		o.listens = append(o.listens, "POST /doors/mail")
		o.routes = []api.Door{{Methods: []string{http.MethodPost}, Pattern: "/doors/mail", Serve: source.Post}}
	}
	return o, nil
}

// ensure makes those publishers who tell of mail.
func (m *Mail) ensure(ctx context.Context, in *door.Inlet) error {
	for _, name := range append(slices.Collect(maps.Values(m.Publishers)), cmp.Or(m.Publisher, defaultTeller)) {
		if _, _, err := in.Ensure(ctx, ircbus.Wiki{Publisher: name}); err != nil {
			return err
		}
	}
	return nil
}

// accounts finds whose mail a recipient's is: a publisher's if the configuration
// says so, else that of the person of the name.
func (m *Mail) accounts(in *door.Inlet) func(string) (mail.Account, bool) {
	publishers, people := foldKeys(m.Publishers), foldKeys(m.People)
	return func(recipient string) (mail.Account, bool) {
		name := ircbus.Fold(recipient)
		if account, public := publishers[name]; public {
			channel, err := in.Feed(account, "")
			return mail.Account{Name: account, Channel: channel}, err == nil
		}
		if account, found := people[name]; found {
			name = account
		}
		person, err := in.Person(name)
		return mail.Account{Name: person}, err == nil
	}
}

func foldKeys(m map[string]string) map[string]string {
	folded := make(map[string]string, len(m))
	for key, value := range m {
		folded[ircbus.Fold(key)] = value
	}
	return folded
}
