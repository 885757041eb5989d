package bus

import (
	"cmp"
	"log/slog"
	"slices"
	"sync"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd"
	"github.com/ircbus/ircbus/ircd/account"
	"github.com/ircbus/ircbus/ircd/readable"
)

// directory knows every publisher: its account says which channels it has, the
// configuration and what it has told about itself say the rest.
type directory struct {
	// static
	log      *slog.Logger
	accounts *account.Store
	told     *descriptions
	set      func([]ircd.Publisher) // the IRC server's; called one at a time
	setNames func([]string)         // of all accounts; likewise

	refreshing sync.Mutex // held while the list is made anew and set

	mu         sync.Mutex
	config     map[string]Publisher // by folded account
	publishers []ircd.Publisher     // by name; never changed, only replaced
	names      map[string]struct{}  // of all accounts, folded; likewise
	people     map[string]string    // accounts that are not publishers', by folded name; likewise
}

// configure takes the configuration's sections; a refresh makes them effective.
func (d *directory) configure(sections map[string]Publisher) {
	folded := make(map[string]Publisher, len(sections))
	for name, section := range sections {
		folded[ircbus.Fold(name)] = section
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.config = folded
}

// refresh makes the list anew from the accounts as they are now; with an error,
// as they were when the file could last be read, or changed by this process.
func (d *directory) refresh() error {
	d.refreshing.Lock()
	defer d.refreshing.Unlock()
	accounts, err := d.accounts.List()
	if err != nil {
		accounts = d.accounts.Known()
	}
	publishers := d.build(accounts)
	names := make([]string, len(accounts))
	folded := make(map[string]struct{}, len(accounts))
	people := make(map[string]string)
	for i, a := range accounts {
		names[i] = a.Name
		folded[ircbus.Fold(a.Name)] = struct{}{}
		if a.Role != account.Publisher {
			people[ircbus.Fold(a.Name)] = a.Name
		}
	}
	d.set(publishers)
	d.setNames(names)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.publishers, d.names, d.people = publishers, folded, people
	return err
}

// refreshed is refresh after a change that is on disk already: what cannot be read
// now must not say that the change was not made.
func (d *directory) refreshed() {
	if err := d.refresh(); err != nil {
		d.log.Warn("the accounts cannot be read again, they are used as they are known", "err", err)
	}
}

func (d *directory) build(accounts []account.Account) []ircd.Publisher {
	d.mu.Lock()
	config := d.config
	d.mu.Unlock()
	var publishers []ircd.Publisher
	for _, a := range accounts {
		if a.Role != account.Publisher {
			continue
		}
		wiki := describe(a, config[ircbus.Fold(a.Name)], d.told.get(a.Name))
		style, err := styleOf(config[ircbus.Fold(a.Name)], wiki.Engine)
		if err != nil { // check-config and Start have refused it before
			d.log.Error("the text style is not usable, plain it is", "publisher", a.Name, "err", err)
			style, _ = readable.Named("plain")
		}
		quiet, err := quietOf(config[ircbus.Fold(a.Name)], style.String())
		if err != nil { // likewise
			d.log.Error("what the readable channel shall leave out cannot be read, nothing is left out", "publisher", a.Name, "err", err)
		}
		publishers = append(publishers, ircd.Publisher{Wiki: wiki, Created: a.Created, Line: liner(wiki, style), Quiet: quiet})
	}
	d.separate(publishers)
	return publishers
}

// separate sees to it that every feed has one readable channel, the one that the
// owner of its name has configured, and that each is the channel of one feed
// alone. A configured name that cannot be had gives way to the usual one.
func (d *directory) separate(publishers []ircd.Publisher) {
	feeds := map[string]string{} // the feed for which a name stands
	for _, p := range publishers {
		for _, feed := range p.Feeds {
			feeds[ircbus.Fold(feed.Channel)] = ircbus.Fold(feed.Channel)
			feeds[ircbus.Fold(feed.Channel+textSuffix)] = ircbus.Fold(feed.Channel)
		}
	}
	text := map[string]string{} // by feed, where it is not the usual one
	for _, p := range publishers {
		own := p.Feeds[0]
		key, name := ircbus.Fold(own.Channel), ircbus.Fold(own.Text)
		if feed, taken := feeds[name]; taken && (feed != key || name == key) {
			d.log.Error("the readable channel has the name of another channel, it gets its usual name",
				"publisher", p.Publisher, "text", own.Text, "instead", own.Channel+textSuffix)
			continue
		}
		feeds[name] = key
		text[key] = own.Text
	}
	for _, p := range publishers {
		for i, feed := range p.Feeds {
			p.Feeds[i].Text = cmp.Or(text[ircbus.Fold(feed.Channel)], feed.Channel+textSuffix)
		}
	}
}

const textSuffix = ".text"

// describe puts a publisher's description block together. What the
// configuration says goes before what the publisher's door has told.
func describe(a account.Account, section Publisher, told ircbus.Wiki) ircbus.Wiki {
	wiki := merge(ircbus.Wiki{
		Publisher: a.Name, Name: section.Name, Interwiki: section.Interwiki, Engine: section.Engine, Base: section.Base,
		PageURL: section.PageURL, DiffURL: section.DiffURL, HistoryURL: section.HistoryURL, RawURL: section.RawURL,
	}, told)
	if wiki.Name == "" {
		wiki.Name = a.Name
	}
	if wiki.Engine == "" {
		wiki.Engine = "other"
	}
	for i, channel := range a.Feeds() {
		feed := ircbus.Feed{Channel: channel, Text: channel + textSuffix}
		if i == 0 && section.Text != "" {
			feed.Text = section.Text
		}
		wiki.Feeds = append(wiki.Feeds, feed)
	}
	return wiki
}

// styleOf returns the style that a section asks for.
func styleOf(section Publisher, engine string) (*readable.Style, error) {
	switch {
	case section.Template != "":
		return readable.Parse(section.Template)
	case section.TextStyle != "":
		return readable.Named(section.TextStyle)
	case engine == "mediawiki":
		return readable.Named("mediawiki")
	}
	return readable.Named("plain")
}

// liner renders events with the addresses that the publisher left out.
func liner(wiki ircbus.Wiki, style *readable.Style) func(*ircbus.Event, int) string {
	return func(e *ircbus.Event, max int) string {
		filled := *e
		filled.Fields = wiki.Fill(e.Fields)
		return style.Line(&filled, max)
	}
}

// wikis returns the description of every publisher, by name.
func (d *directory) wikis() []ircbus.Wiki {
	d.mu.Lock()
	defer d.mu.Unlock()
	wikis := make([]ircbus.Wiki, len(d.publishers))
	for i, p := range d.publishers {
		wikis[i] = p.Wiki
	}
	return wikis
}

// hasToldOf reports whether the IRC server knows of the account.
func (d *directory) hasToldOf(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.names[ircbus.Fold(name)]
	return ok
}

// person is the account of a person, "" if there is none.
func (d *directory) person(name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.people[ircbus.Fold(name)]
}

// knows reports whether the publisher's channels exist.
func (d *directory) knows(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.publishers, func(p ircd.Publisher) bool {
		return ircbus.Fold(p.Publisher) == ircbus.Fold(name)
	})
}

// feed is the packed channel in which the account publishes if somebody asks for
// a channel by its own name or by that of its readable one; "" is the first.
func (d *directory) feed(name, channel string) (string, error) {
	for _, wiki := range d.wikis() {
		if ircbus.Fold(wiki.Publisher) != ircbus.Fold(name) || len(wiki.Feeds) == 0 {
			continue
		}
		if channel == "" {
			return wiki.Feeds[0].Channel, nil
		}
		for _, feed := range wiki.Feeds {
			if key := ircbus.Fold(channel); ircbus.Fold(feed.Channel) == key || ircbus.Fold(feed.Text) == key {
				return feed.Channel, nil
			}
		}
		return "", ircbus.Refuse(ircbus.NotPublisher, "%s does not publish in %.80q", name, channel)
	}
	return "", ircbus.Refuse(ircbus.NotPublisher, "there is no publisher %.80q", name)
}

// ensure makes a publisher of the wiki unless there is one: an account without
// a password, through which only doors publish. It remembers the wiki's
// description and returns the account's name and channel when its channels
// exist.
func (d *directory) ensure(wiki ircbus.Wiki) (name, channel string, err error) {
	a, err := d.account(wiki.Publisher)
	if err != nil {
		return "", "", err
	}
	wiki.Publisher = a.Name
	changed, err := d.told.put(wiki)
	if err != nil {
		return "", "", err
	}
	if changed || !d.knows(a.Name) {
		d.refreshed()
	}
	return a.Name, "#" + a.Name, nil
}

// addChannels lets a publisher publish in more channels, which exist when it
// returns.
func (d *directory) addChannels(name string, channels []string) error {
	lacks := func(channel string) bool {
		_, err := d.feed(name, channel)
		return err != nil
	}
	if !slices.ContainsFunc(channels, lacks) {
		return nil
	}
	for _, channel := range channels {
		if lacks(channel) {
			if err := ircbus.CheckNewChannel(channel); err != nil {
				return err
			}
		}
	}
	if err := d.accounts.AddChannels(name, channels); err != nil {
		return err
	}
	d.refreshed()
	return nil
}

// account returns the publisher's account, a new one if there is none.
func (d *directory) account(name string) (account.Account, error) {
	a, err := d.accounts.Get(name)
	if isUnknown(err) {
		err = d.accounts.Add(account.Account{Name: name, Role: account.Publisher}, "")
		if err == nil || isExisting(err) {
			a, err = d.accounts.Get(name)
		}
		if err == nil {
			d.log.Debug("a new publisher", "publisher", a.Name)
		}
	}
	if err == nil && a.Role != account.Publisher {
		err = ircbus.Refuse(ircbus.NotPublisher, "the account %q is a %s, not a publisher", a.Name, a.Role)
	}
	return a, err
}
