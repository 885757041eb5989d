package bus

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/account"
	"github.com/ircbus/ircbus/publisher/door"
)

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	Key    []string // where, as in publisher, moin, text
	Line   int      // in the file; 0 if it does not come from a file
	Reason string   // a sentence

	Warning   bool // the bus starts in spite of it, and it may be meant
	Elsewhere bool // it is not the file's, but that of a flag
}

func (p *Problem) Error() string {
	text := p.Reason
	if p.Warning {
		text = "warning: " + text
	}
	if len(p.Key) > 0 {
		text = strings.Join(p.Key, ".") + ": " + text
	}
	if p.Line > 0 {
		text = fmt.Sprintf("line %d: %s", p.Line, text)
	}
	return text
}

// checker collects problems.
type checker []*Problem

func (c *checker) add(err error, key ...string) {
	if err != nil {
		*c = append(*c, &Problem{Key: key, Reason: err.Error()})
	}
}

// warn adds what may be meant.
func (c *checker) warn(err error, key ...string) {
	*c = append(*c, &Problem{Key: key, Reason: err.Error(), Warning: true})
}

func (c *checker) addf(key, format string, args ...any) { c.add(fmt.Errorf(format, args...), key) }

// Check says everything that is wrong with the configuration as far as that can
// be told without opening addresses and the data directory.
func (c Config) Check() []*Problem {
	var found checker
	if c.Data == "" {
		found.addf("data", "a data directory must be given")
	}
	for _, a := range []struct {
		key       string
		addresses Addresses
	}{
		{"irc", c.IRC}, {"irc_tls", c.IRCTLS}, {"http", c.HTTP}, {"http_tls", c.HTTPTLS},
	} {
		found.add(a.addresses.check(), a.key)
	}
	if c.IRCTLS != "" || c.HTTPTLS != "" || c.Cert != "" || c.Key != "" {
		_, err := loadPair(c.Cert, c.Key)
		found.add(err, "cert")
	}
	_, err := prefixes(c.Proxies)
	found.add(err, "proxies")
	if c.Gather < 0 || c.Gather > Age(time.Second) {
		found.addf("gather", "%v must be between 0s and 1s", time.Duration(c.Gather))
	}
	c.checkWords(&found)
	c.checkSecrets(&found)
	texts := map[string]string{} // whose a readable channel is
	for _, name := range sortedKeys(c.Publishers) {
		p := c.Publishers[name]
		p.check(&found, name)
		if other, taken := texts[ircbus.Fold(p.Text)]; taken && p.Text != "" {
			found.add(fmt.Errorf("%q is the readable channel of %s already", p.Text, other), "publisher", name, "text")
		}
		texts[ircbus.Fold(p.Text)] = name
	}
	for _, d := range c.doors() {
		d.section.check(&found)
	}
	c.WebSocket.check(&found)
	c.STS.check(&found, c.IRCTLS)
	c.DCC.check(&found)
	c.Registration.check(&found)
	c.Limits.check(&found)
	c.Chat.check(&found)
	c.Replay.check(&found)
	c.Memos.check(&found)
	for _, channel := range sortedKeys(c.Retention) {
		c.Retention[channel].check(&found, channel)
	}
	return found
}

// checkSecrets reads the files of passwords and secrets that no door has read.
func (c *Config) checkSecrets(found *checker) {
	if c.PasswordFile != "" {
		_, err := readPassword(c.PasswordFile)
		found.add(err, "password_file")
	}
	for _, file := range []struct{ section, path string }{{"prism", c.Prism.SecretsFile}, {"psyc", c.PSYC.SecretsFile}} {
		if file.path != "" {
			_, err := door.OpenSecrets(file.path)
			found.add(err, file.section, "secrets_file")
		}
	}
}

// What fits into IRC's lines with everything else that is in them.
const (
	maxNetwork  = 64
	maxTextLine = 400 // of motd and admin
	maxAdmin    = 3   // lines
)

// checkWords checks the values that are single words and numbers.
func (c Config) checkWords(found *checker) {
	if c.URL != "" {
		if u, err := url.Parse(c.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.HasSuffix(c.URL, "/") {
			found.addf("url", "%q must be like https://bus.example.org, without a / at the end", c.URL)
		}
	}
	found.add(checkServerName(c.Name), "name")
	if strings.ContainsAny(c.Network, " =") || strings.ContainsFunc(c.Network, unicode.IsControl) {
		found.addf("network", "%q must be one word", c.Network)
	}
	if len(c.Network) > maxNetwork {
		found.addf("network", "%.20q… has %d bytes, the limit is %d", c.Network, len(c.Network), maxNetwork)
	}
	checkLines(found, "motd", c.MOTD)
	checkLines(found, "admin", c.Admin)
	if len(c.Admin) > maxAdmin {
		found.addf("admin", "there are %d lines, IRC has room for %d", len(c.Admin), maxAdmin)
	}
	if !slices.Contains([]string{"", AccessOpen, AccessLogin}, c.Access) {
		found.addf("access", "%q must be \"open\" or \"login\"", c.Access)
	}
	if c.MaxEvent < 0 || c.MaxEvent != 0 && c.MaxEvent < ircbus.MinPart || c.MaxEvent > 1<<20 {
		found.addf("max_event", "%d must be between %d and %d bytes", c.MaxEvent, ircbus.MinPart, 1<<20)
	}
	if !slices.Contains([]string{"", "text", "json"}, c.LogFormat) {
		found.addf("log_format", "%q must be \"text\" or \"json\"", c.LogFormat)
	}
}

// checkLines checks texts that IRC shows line by line.
func checkLines(found *checker, key string, lines []string) {
	for _, line := range lines {
		if len(line) > maxTextLine {
			found.addf(key, "the line %.20q… has %d bytes, IRC has room for %d: make two of it", line, len(line), maxTextLine)
		}
		if strings.ContainsAny(line, "\r\n\x00") {
			found.addf(key, "the line %q has a line break in it, give each line as a string of its own", line)
		}
	}
}

// checkServerName checks what stands after the @ of every publisher.
func checkServerName(name string) error {
	if len(name) > ircbus.MaxServerLen {
		return fmt.Errorf("%.20q… has %d bytes, the limit is %d", name, len(name), ircbus.MaxServerLen)
	}
	for i := range len(name) {
		if c := name[i]; c != '.' && c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return fmt.Errorf("%q must be a host name: letters, digits, . and -", name)
		}
	}
	return nil
}

func (p Publisher) check(found *checker, name string) {
	at := func(key string) []string { return []string{"publisher", name, key} }
	found.add(ircbus.CheckName(name), "publisher", name)
	if p.Text != "" {
		found.add(ircbus.CheckChannel(p.Text), at("text")...)
		if ircbus.Fold(p.Text) == ircbus.Fold("#"+name) {
			found.add(fmt.Errorf("%q is the channel of the packed events, the readable one needs another name", p.Text), at("text")...)
		}
	}
	switch _, err := styleOf(p, ""); {
	case p.Template != "" && p.TextStyle != "":
		found.add(fmt.Errorf("a template and a text_style are given, one of them must go"), at("template")...)
	case p.Template != "":
		found.add(err, at("template")...)
	default:
		found.add(err, at("text_style")...)
	}
	_, err := quietOf(p, "")
	found.add(err, at("quiet")...)
	if !slices.Contains([]string{"", "moin-1.9", "moin-2", "mediawiki", "other"}, p.Engine) {
		found.add(fmt.Errorf("%q must be moin-1.9, moin-2, mediawiki or other", p.Engine), at("engine")...)
	}
	for _, address := range []struct{ key, value string }{
		{"base", p.Base}, {"page_url", p.PageURL}, {"diff_url", p.DiffURL}, {"history_url", p.HistoryURL}, {"raw_url", p.RawURL},
	} {
		if address.value != "" && !strings.HasPrefix(address.value, "http://") && !strings.HasPrefix(address.value, "https://") {
			found.add(fmt.Errorf("%q must begin with http:// or https://", address.value), at(address.key)...)
		}
	}
}

func (w WebSocket) check(found *checker) {
	for _, origin := range w.Origins {
		_, host, hasScheme := strings.Cut(origin, "://")
		if !hasScheme {
			host = origin
		}
		if _, err := path.Match(origin, ""); err != nil || host == "" || strings.ContainsAny(host, "/ ") {
			found.add(fmt.Errorf("%q is not a site like https://chat.example.org or *.example.org", origin), "websocket", "origins")
		}
	}
}

func (s STS) check(found *checker, ircTLS Addresses) {
	if s.Enabled && ircTLS == "" {
		found.add(errors.New("clients cannot be sent to TLS without an irc_tls address"), "sts", "enabled")
	}
	if s.Port < 0 || s.Port > 65535 {
		found.add(fmt.Errorf("%d is not a port", s.Port), "sts", "port")
	}
}

// prefixes reads networks; a single address is a network of one.
func prefixes(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, addressErr := netip.ParseAddr(text)
			if addressErr != nil {
				return nil, fmt.Errorf("%q is not an address or network like 192.0.2.7 or 192.0.2.0/24", text)
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		out = append(out, prefix)
	}
	return out, nil
}

// maxPerHour is how many accounts we keep count of.
const maxPerHour = 100_000

func (r Registration) check(found *checker) {
	if r.MinPassword < 0 || r.MinPassword > account.MaxPassword {
		found.add(fmt.Errorf("%d must be between 1 and %d characters", r.MinPassword, account.MaxPassword), "registration", "min_password")
	}
	if r.PerHour < 0 || r.PerHour > maxPerHour {
		found.add(fmt.Errorf("%d must be between 1 and %d", r.PerHour, maxPerHour), "registration", "per_hour")
	}
	if r.PerNetwork < 0 {
		found.add(fmt.Errorf("%d must not be negative", r.PerNetwork), "registration", "per_network")
	}
}

func (l Limits) check(found *checker) {
	for _, limit := range []struct {
		key   string
		value float64
	}{
		{"connections", float64(l.Connections)}, {"per_address", float64(l.PerAddress)}, {"connect_rate", float64(l.ConnectRate)}, {"channel_lines", l.ChannelLines},
		{"nicks", float64(l.Nicks)}, {"targets", float64(l.Targets)}, {"lines", l.Lines}, {"burst", float64(l.Burst)},
		{"channels", float64(l.Channels)}, {"filters", float64(l.Filters)}, {"masks", float64(l.Masks)}, {"behind", float64(l.Behind)},
	} {
		if limit.value < 0 {
			found.add(fmt.Errorf("%v must not be negative", limit.value), "limits", limit.key)
		}
	}
}

func (r Retention) check(found *checker, channel string) {
	if channel != "*" {
		found.add(account.CheckChannel(channel), "retention", channel)
	}
	if r.MaxCount < 0 {
		found.add(fmt.Errorf("%d must not be negative", r.MaxCount), "retention", channel, "max_count")
	}
}
