// Package bus puts the parts together: store, accounts, IRC server, HTTP API
// and doors, as one running bus. It is the only package that knows them all.
package bus

import (
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd"
	"github.com/ircbus/ircbus/ircd/account"
	"github.com/ircbus/ircbus/publisher/door"
)

// Config says how a bus runs. The configuration file decodes into it. The zero
// value of every field but Data is good: an address that is "" is not listened
// on, everything else has its default.
type Config struct {
	Data string `toml:"data"` // directory, made if it does not exist

	IRC     Addresses `toml:"irc"`
	IRCTLS  Addresses `toml:"irc_tls"`
	HTTP    Addresses `toml:"http"`
	HTTPTLS Addresses `toml:"http_tls"`
	Cert    string    `toml:"cert"` // PEM file, for the TLS addresses
	Key     string    `toml:"key"`  // PEM file
	URL     string    `toml:"url"`  // public base address of the HTTP API, "" = from the address bound

	Proxies []string `toml:"proxies"` // networks of proxies that may say where connections come from

	Name           string   `toml:"name"`    // the server's name on IRC
	Network        string   `toml:"network"` // the network's name on IRC
	MOTD           []string `toml:"motd"`
	Admin          []string `toml:"admin"`            // what ADMIN tells, at most three lines
	Access         string   `toml:"access"`           // "open" or "login"
	PasswordFile   string   `toml:"password_file"`    // the IRC server's password, "" = none
	NoUserChannels bool     `toml:"no_user_channels"` // people cannot make channels of their own
	Cloak          bool     `toml:"cloak"`            // people do not see one another's addresses
	MaxEvent       int      `toml:"max_event"`        // bytes of an event's canonical form, 0 = ircbus.MaxBody
	Gather         Age      `toml:"gather"`           // for which a line on IRC waits for more
	LogFormat      string   `toml:"log_format"`       // "text" or "json"; the bus itself ignores it

	Publishers   map[string]Publisher `toml:"publisher"` // by account
	MediaWiki    MediaWiki            `toml:"mediawiki"`
	EventStreams EventStreams         `toml:"eventstreams"`
	Moin         Moin                 `toml:"moin"`
	Irker        Irker                `toml:"irker"`
	Forge        Forge                `toml:"forge"`
	Mail         Mail                 `toml:"mail"`
	Prism        Prism                `toml:"prism"`
	PSYC         PSYC                 `toml:"psyc"`
	WebSocket    WebSocket            `toml:"websocket"`
	STS          STS                  `toml:"sts"`
	Retention    map[string]Retention `toml:"retention"` // by channel, "*" = all

	// Doors.
	Alertmanager WebDoor         `toml:"alertmanager"`
	CloudEvents  WebDoor         `toml:"cloudevents"`
	Incoming     WebDoor         `toml:"incoming"`
	JSON         map[string]JSON `toml:"json"` // by the door's name
	MQTT         MQTT            `toml:"mqtt"`
	Ntfy         Ntfy            `toml:"ntfy"`
	Ping         WebDoor         `toml:"ping"`
	Poll         map[string]Poll `toml:"poll"` // by who publishes the wiki's changes
	SMTP         SMTP            `toml:"smtp"`
	Syslog       Syslog          `toml:"syslog"`

	DCC    DCC    `toml:"dcc"`
	Chat   Chat   `toml:"chat"`
	Replay Replay `toml:"replay"`
	Memos  Memos  `toml:"memos"`

	Registration Registration `toml:"registration"`
	Limits       Limits       `toml:"limits"`

	// Rehash reads the configuration again and hands it to Reload, when an
	// operator asks for it on IRC. nil: REHASH reads the certificates again.
	Rehash func() error `toml:"-"`
	File   string       `toml:"-"` // name of the configuration's file, for REHASH

	// Sockets that another program has opened, by the key of the address in
	// whose place they are used. The bus closes them.
	Sockets map[string]net.Listener `toml:"-"`

	Log     *slog.Logger `toml:"-"` // nil: slog.Default
	Version string       `toml:"-"`
}

// Publisher is what the configuration says about one publisher: its readable
// channel and its description block (docs/protocol.md, "Description block").
type Publisher struct {
	Text      string `toml:"text"`       // readable channel, "" = #NAME.text
	TextStyle string `toml:"text_style"` // plain, colour, mediawiki; "" = mediawiki for that engine, else plain
	Template  string `toml:"template"`   // Go template for readable lines, instead of a style

	// Quiet are events that the readable channel leaves out: patterns of actions, or
	// filters. nil: those of quietForges, and of quietMediaWiki for that style.
	Quiet []string `toml:"quiet"`

	Name       string `toml:"name"`
	Interwiki  string `toml:"interwiki"`
	Engine     string `toml:"engine"`
	Base       string `toml:"base"`
	PageURL    string `toml:"page_url"`
	DiffURL    string `toml:"diff_url"`
	HistoryURL string `toml:"history_url"`
	RawURL     string `toml:"raw_url"`
}

// WebSocket configures IRC over WebSocket, which the HTTP addresses offer.
type WebSocket struct {
	Origins []string `toml:"origins"` // sites whose pages may connect, beside the bus's own
}

// STS tells IRC clients to use TLS (ircv3.net/specs/extensions/sts).
type STS struct {
	Enabled  bool `toml:"enabled"`
	Port     int  `toml:"port"`     // that clients shall connect to, 0 = irc_tls's
	Duration Age  `toml:"duration"` // for which they remember it
}

// Retention says how long events of a channel are kept. Zero does not limit.
type Retention struct {
	MaxAge   Age `toml:"max_age"`
	MaxCount int `toml:"max_count"`
}

// Registration says how accounts come to be.
type Registration struct {
	Open          bool `toml:"open"`           // people make them for themselves, on IRC
	BeforeConnect bool `toml:"before_connect"` // also before they have registered on the server
	CustomNames   bool `toml:"custom_names"`   // of another name than their nick's
	PerHour       int  `toml:"per_hour"`       // so many accounts, 0 = account.PerHour
	PerNetwork    int  `toml:"per_network"`    // of them for one address or IPv6 /64, 0 = account.PerNetwork
	MinPassword   int  `toml:"min_password"`   // characters, 0 = account.MinPassword
}

func (r Registration) irc() ircd.Registration {
	return ircd.Registration{Open: r.Open, BeforeConnect: r.BeforeConnect, CustomNames: r.CustomNames}
}

func (c *Config) accounts(log *slog.Logger) account.Options {
	r := &c.Registration
	return account.Options{
		Log: log, MinPassword: r.MinPassword, PerHour: r.PerHour, PerNetwork: r.PerNetwork,
		Known: filepath.Join(c.Data, LoginsFile),
	}
}

// Limits bound what strangers can make the bus do. A zero field means the
// default.
type Limits struct {
	Registration Age     `toml:"registration"`
	Ping         Age     `toml:"ping"`
	Connections  int     `toml:"connections"`
	PerAddress   int     `toml:"per_address"`
	ConnectRate  int     `toml:"connect_rate"`
	Lines        float64 `toml:"lines"`
	Burst        int     `toml:"burst"`
	Flood        Age     `toml:"flood"`
	ChannelLines float64 `toml:"channel_lines"`
	Nicks        int     `toml:"nicks"`
	Targets      int     `toml:"targets"`
	Channels     int     `toml:"channels"`
	Filters      int     `toml:"filters"`
	Masks        int     `toml:"masks"`
	Behind       int     `toml:"behind"`
}

// ownFiles is how many file descriptors are kept for the bus's own files.
const ownFiles = 128

// shares is how many connections IRC and HTTP may have, so that neither can take
// what the other, the doors, or the bus's own files need.
func (l Limits) shares() (s struct{ irc, http int }) {
	files := door.Files()
	all := files - min(ownFiles, files/4)
	if l.Connections > 0 {
		all = min(all, l.Connections)
	}
	s.irc, s.http = max(16, all*11/16), max(2, all/8)
	return s
}

// irc is the limits as the IRC server takes them.
func (l Limits) irc() ircd.Limits {
	return ircd.Limits{
		Registration: time.Duration(l.Registration), Ping: time.Duration(l.Ping),
		Connections: l.shares().irc,
		PerAddress:  l.PerAddress, ConnectRate: l.ConnectRate, ChannelLines: l.ChannelLines, Nicks: l.Nicks, Targets: l.Targets,
		Lines: l.Lines, Burst: l.Burst, Flood: time.Duration(l.Flood),
		Channels: l.Channels, Filters: l.Filters, Masks: l.Masks, Behind: l.Behind,
	}
}

// irc is the policy as the IRC server takes it.
func (s STS) irc(secure net.Listener) ircd.STS {
	if !s.Enabled || secure == nil {
		return ircd.STS{}
	}
	policy := ircd.STS{Port: s.Port, Duration: time.Duration(s.Duration)}
	if tcp, ok := secure.Addr().(*net.TCPAddr); ok && policy.Port == 0 {
		policy.Port = tcp.Port
	}
	return policy
}

// proxies is Proxies as networks; Check has refused what is none.
func (c Config) proxies() []netip.Prefix {
	networks, _ := prefixes(c.Proxies)
	return networks
}

// Age is a duration that may be written in days and weeks: "90d".
type Age time.Duration

// UnmarshalText reads what ircbus.ParseAge reads; "" is 0.
func (a *Age) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*a = 0
		return nil
	}
	d, err := ircbus.ParseAge(string(text))
	*a = Age(d)
	return err
}

// Default is the configuration of a bus about which nothing was said.
func Default() Config {
	return Config{
		Data:         "./ircbus-data",
		IRC:          "127.0.0.1:6667",
		HTTP:         "127.0.0.1:8667",
		Name:         defaultName,
		Network:      defaultNetwork,
		Access:       AccessOpen,
		MaxEvent:     ircbus.MaxBody,
		LogFormat:    "text",
		Registration: Registration{PerHour: account.PerHour, PerNetwork: account.PerNetwork, MinPassword: account.MinPassword},
		Chat:         Chat{MaxAge: Age(30 * 24 * time.Hour), MaxCount: 10_000, MaxTotal: 1_000_000},
		Replay:       Replay{Text: 10, Chat: 10},
		Prism:        Prism{Publisher: "prism", Storm: 60},
		PSYC:         PSYC{Publisher: "psyc"},
		Memos:        Memos{MaxAge: Age(30 * 24 * time.Hour), MaxCount: 500},
		Irker:        Irker{Publisher: "irker"},
		Mail:         Mail{Trusted: []string{"root"}, Publisher: defaultTeller},
		Syslog:       Syslog{Publisher: "syslog"},
		MQTT:         MQTT{Publisher: "mqtt", QoS: 1},
		Cloak:        true,
		STS:          STS{Duration: Age(30 * 24 * time.Hour)},
		Limits: Limits{
			Registration: Age(30 * time.Second), Ping: Age(2 * time.Minute),
			PerAddress: defaultPerAddress, ConnectRate: 60, ChannelLines: 20, Nicks: 10, Targets: 30,
			Lines: 4, Burst: 200, Flood: Age(2 * time.Minute), Channels: 200, Filters: 1000, Masks: 100, Behind: 8 << 20,
		},
	}
}

// Who may read (docs/protocol.md, "Trust").
const (
	AccessOpen  = "open"
	AccessLogin = "login" // everybody must log in
)

const (
	defaultName       = "ircbus.local"
	defaultNetwork    = "ircbus"
	defaultPerAddress = 64 // as ircd's
)

// withDefaults fills in what the zero value leaves open.
func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = defaultName
	}
	if c.Network == "" {
		c.Network = defaultNetwork
	}
	if c.Access == "" {
		c.Access = AccessOpen
	}
	if c.MaxEvent == 0 {
		c.MaxEvent = ircbus.MaxBody
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Version == "" {
		c.Version = "devel"
	}
	return c
}
