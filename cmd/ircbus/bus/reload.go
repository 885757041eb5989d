package bus

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/ircbus/ircbus/ircd"
)

// Reload takes a new configuration and reads the certificate's files again, also
// if their names are the same. What can change while the bus runs changes:
// publishers, retention, certificates, the texts of MOTD and ADMIN, the STS policy,
// and whether and how people register accounts. What cannot is named in the log and takes effect at the next start. A
// bad configuration changes nothing; a bad certificate leaves the old one in use.
func (b *Bus) Reload(c Config) error {
	c = c.withDefaults()
	if problems := c.Check(); len(problems) > 0 {
		for _, problem := range problems[1:] {
			b.configLog.Error("the new configuration is bad", "err", problem)
		}
		return problems[0]
	}
	b.mu.Lock()
	old := b.config
	b.config = c
	b.mu.Unlock()
	if fixed := changedFixed(old, c); len(fixed) > 0 {
		b.configLog.Warn("changes that need a restart", "keys", strings.Join(fixed, " "))
	}
	var errs error
	if b.cert.current.Load() != nil {
		if err := b.cert.load(c.Cert, c.Key); err != nil {
			errs = err
			b.configLog.Error("the old certificate stays in use", "err", err)
		}
	}
	if b.password.Load() != nil && old.PasswordFile == c.PasswordFile {
		if err := b.loadPassword(c.PasswordFile); err != nil {
			errs = errors.Join(errs, err)
			b.configLog.Error("the server's password stays as it was", "err", err)
		}
	}
	b.irc.Configure(ircd.Settings{
		MOTD: c.MOTD, Admin: c.Admin, STS: c.STS.irc(b.listeners.ircTLS), Registration: c.Registration.irc(),
	})
	b.directory.configure(c.Publishers)
	errs = errors.Join(errs, b.directory.refresh())
	b.warnOf(c)
	b.warnCertificate()
	select {
	case b.reloaded <- struct{}{}:
	default: // one is waiting to be noticed
	}
	return errs
}

// rehash is what REHASH does: what the configuration says, or, if it cannot be
// read again, to read the certificates again.
func (b *Bus) rehash(c Config) func() error {
	if c.Rehash != nil {
		return c.Rehash
	}
	return func() error { return b.Reload(b.current()) }
}

// current is the configuration as of the last Reload.
func (b *Bus) current() Config {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.config
}

// changeable are the keys of the configuration that Reload makes effective.
var changeable = []string{"admin", "cert", "key", "memos", "motd", "publisher", "retention", "sts"}

// changedFixed names the keys that differ and that only a restart changes.
func changedFixed(old, new Config) []string {
	// Of the registration, these are for the IRC server, which changes them.
	r := new.Registration
	old.Registration.Open, old.Registration.BeforeConnect, old.Registration.CustomNames = r.Open, r.BeforeConnect, r.CustomNames
	var changed []string
	before, after := reflect.ValueOf(old), reflect.ValueOf(new)
	for i := range before.NumField() {
		key := before.Type().Field(i).Tag.Get("toml")
		if key == "-" || slices.Contains(changeable, key) {
			continue
		}
		if !reflect.DeepEqual(before.Field(i).Interface(), after.Field(i).Interface()) {
			changed = append(changed, key)
		}
	}
	return changed
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
