package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/api"
	"github.com/ircbus/ircbus/history/sqlite"
	"github.com/ircbus/ircbus/ircd"
	"github.com/ircbus/ircbus/ircd/account"
)

// Files of the data directory.
const (
	EventsFile   = "events.db"
	AccountsFile = "accounts.json"
	WikisFile    = "wikis.json"  // what wikis have told about themselves
	MarkersFile  = "read.json"   // up to where people have read
	LoginsFile   = "logins.json" // from where accounts have logged in
	KLinesFile   = "klines.json" // bans from the IRC server
)

// Bus is a running bus.
type Bus struct {
	// static; in the order in which they are opened
	log       *slog.Logger
	seldom    seldom       // under log
	configLog *slog.Logger // of what is wrong with the configuration: all of it, each time somebody has it read
	lock      *os.File
	store     *sqlite.Store
	accounts  *account.Store
	markers   *markers
	cert      certificate
	password  atomic.Pointer[string] // the IRC server's; nil: none
	listeners listeners
	base      string // of the HTTP API
	metrics   *metrics
	directory *directory
	irc       *ircd.Server
	api       *api.Handler
	web       *http.Server
	doors     []*openDoor
	replies   *ircbus.Budget // of what strangers do not read

	head ircbus.ID // of the log at the start

	sessions sessions // over HTTP

	stop     context.CancelCauseFunc // begins the end; the first cause stays
	tasks    sync.WaitGroup
	reloaded chan struct{} // wakes retention
	done     chan struct{} // closed when everything has ended
	err      error         // why, nil if it was asked to; set before done

	mu     sync.Mutex
	config Config // as of the last Reload
}

// Start opens everything, begins to listen and returns; the bus then runs until
// Stop, until ctx ends, or until a part of it fails. An error is one sentence
// for the person who started it; nothing stays open then.
func Start(ctx context.Context, c Config) (*Bus, error) {
	c = c.withDefaults()
	configLog := c.Log
	seldom := newSeldom(c.Log.Handler())
	c.Log = slog.New(seldom)
	if problems := c.Check(); len(problems) > 0 {
		return nil, problems[0]
	}
	b := &Bus{log: c.Log, seldom: seldom, configLog: configLog, config: c, reloaded: make(chan struct{}, 1), done: make(chan struct{})}
	if err := b.open(ctx); err != nil {
		b.release()
		return nil, err
	}
	b.warnPlain()
	b.warnCertificate()
	b.warnOf(c)
	b.run(ctx)
	return b, nil
}

// What strangers together may make the bus keep, in bytes: of what they send before
// they have proven anything, and of answers that they do not read.
const (
	maxBodies  = 64 << 20
	maxReplies = 96 << 20
)

// open opens what the bus consists of, without serving anybody yet.
func (b *Bus) open(ctx context.Context) (err error) {
	c := b.config
	if _, err := os.Stat(c.Data); errors.Is(err, fs.ErrNotExist) {
		// Before anything is made there: the address in use may be that of the bus
		// that was meant.
		if err := b.listen(ctx); err != nil {
			return err
		}
	}
	if b.lock, err = lockData(c.Data); err != nil {
		return err
	}
	if b.store, err = sqlite.Open(ctx, filepath.Join(c.Data, EventsFile), sqlite.Options{Log: b.log}); err != nil {
		return err
	}
	if b.accounts, err = account.Open(filepath.Join(c.Data, AccountsFile), c.accounts(b.log)); err != nil {
		return err
	}
	bounds, err := b.store.Bounds(ctx)
	if err != nil {
		return err
	}
	b.head = bounds.Head
	told, err := openDescriptions(filepath.Join(c.Data, WikisFile))
	if err != nil {
		return err
	}
	if b.markers, err = openMarkers(filepath.Join(c.Data, MarkersFile)); err != nil {
		return err
	}
	if b.listeners == (listeners{}) {
		if err := b.listen(ctx); err != nil {
			return err
		}
	}
	b.base = baseURL(c, b.listeners)
	b.metrics = newMetrics()
	b.metrics.delivered.Store(uint64(b.head))
	return b.build(ctx, told)
}

// listen opens the addresses, after what must be read before anybody may connect.
func (b *Bus) listen(ctx context.Context) (err error) {
	c := b.config
	if err := b.loadPassword(c.PasswordFile); err != nil {
		return err
	}
	if c.IRCTLS != "" || c.HTTPTLS != "" {
		if err := b.cert.load(c.Cert, c.Key); err != nil {
			return err
		}
	}
	b.listeners, err = listen(ctx, c, b.cert.forIRC(), b.log)
	return err
}

// build makes the servers and connects them.
func (b *Bus) build(ctx context.Context, told *descriptions) (err error) {
	c := b.config
	bans := filepath.Join(c.Data, KLinesFile)
	klines, err := loadKLines(bans)
	if err != nil {
		return err
	}
	cloakKey, err := openCloakKey(c, b.log)
	if err != nil {
		return err
	}
	b.replies = ircbus.NewBudget(maxReplies)
	b.irc, err = ircd.New(ircd.Config{
		Name: c.Name, Network: c.Network, Version: "ircbus-" + c.Version, MOTD: c.MOTD, Admin: c.Admin,
		HTTP: b.base, STS: c.STS.irc(b.listeners.ircTLS), CloakKey: cloakKey,
		RequireLogin: c.Access == AccessLogin, NoUserChannels: c.NoUserChannels,
		Epoch: b.store.Epoch(), Head: b.head, Events: b.events, Keyed: b.keyed, DCC: c.DCC.irc(), Chat: b.store, LastKept: b.store.NewestChat(),
		KeepChannels: c.Chat.Channels, KeepPrivate: c.Chat.Private,
		Replay: ircd.Replay(c.Replay), Memos: limitedMemos{b.store, b},
		Append: b.Append, Redact: b.redactIRC, Refused: b.metrics.refused,
		Login: b.loginIRC, Accounts: ircAccounts{b}, Registration: c.Registration.irc(), Password: b.passwordCheck(),
		ReadMarkers: b.markers,
		KLines:      klines, SaveKLines: func(klines []ircd.KLine) error { return saveKLines(bans, klines) },
		Rehash: b.rehash(c), File: c.File,
		Gather: time.Duration(c.Gather), Replies: b.replies,
		MaxBody: c.MaxEvent, Limits: c.Limits.irc(), Log: b.log,
	})
	if err != nil {
		return err
	}
	b.directory = &directory{log: b.log, accounts: b.accounts, told: told, set: b.irc.SetPublishers, setNames: b.irc.SetAccounts}
	b.directory.configure(c.Publishers)
	if err := b.directory.refresh(); err != nil {
		return err
	}
	if err := b.openDoors(ctx); err != nil {
		return err
	}
	b.api, err = api.New(api.Config{
		Log: countedLog{b.store, b}, Index: b.store,
		Login: b.login, LoginToken: b.loginToken, Operator: b.isOperator,
		Wikis: b.directory.wikis, Refused: b.metrics.refused,
		Doors: b.doorRoutes(), DoorReports: func() any { return b.Doors() },
		ServeIRC: b.irc.ServeConn, Origins: c.WebSocket.Origins, Proxies: c.proxies(),
		Bodies: ircbus.NewBudget(maxBodies), Replies: b.replies,
		Closed: c.Access == AccessLogin, MaxBody: c.MaxEvent,
		Name: c.Network, Version: c.Version,
		IRC: public(b.listeners.irc, c.URL), IRCTLS: public(b.listeners.ircTLS, c.URL), URL: c.URL, Self: b.base,
		Ready: b.store.Writable, Metrics: b.metrics.handler(b.log), Logger: b.log,
	})
	if err != nil {
		return err
	}
	b.web = newWebServer(b.sessions.track(b.api), b.cert.config(), b.log)
	(&crowd{most: c.Limits.shares().http, log: b.log, limit: cmp.Or(c.Limits.PerAddress, defaultPerAddress), proxies: c.proxies()}).watch(b.web)
	return b.metrics.registry.Register(figures{b})
}

// release closes what is open, in the reverse order of open.
func (b *Bus) release() {
	b.listeners.close() // those that nobody served
	for _, d := range b.doors {
		d.close()
	}
	if b.store != nil {
		if err := b.store.Close(); err != nil {
			b.log.Error("the store did not close well", "err", err)
		}
	}
	if b.lock != nil {
		if err := unlock(b.lock); err != nil {
			b.log.Error("could not release the lock on the data directory", "err", err)
		}
	}
	b.seldom.close()
}

// Append takes events into the log and counts them. It is the one way in, for
// every door.
func (b *Bus) Append(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
	receipts, err := b.store.Append(ctx, batch)
	if err == nil {
		b.metrics.stored(batch, receipts)
	}
	return receipts, err
}

// Ensure makes a publisher of the wiki unless it is one: an account of the name
// wiki.Publisher without a password, through which only programs of the bus
// itself publish. Its description is kept. It returns the account's name and
// its channel.
func (b *Bus) Ensure(_ context.Context, wiki ircbus.Wiki) (name, channel string, err error) {
	return b.directory.ensure(wiki)
}

// Accounts returns the bus's accounts.
func (b *Bus) Accounts() *account.Store { return b.accounts }

// IRCAddr returns the address of the plain IRC listener, host:port; "" if there
// is none.
func (b *Bus) IRCAddr() string { return address(b.listeners.irc) }

// IRCTLSAddr returns the address of the TLS IRC listener; "" if there is none.
func (b *Bus) IRCTLSAddr() string { return address(b.listeners.ircTLS) }

// HTTPAddr returns the address of the plain HTTP listener; "" if there is none.
func (b *Bus) HTTPAddr() string { return address(b.listeners.http) }

// HTTPTLSAddr returns the address of the HTTPS listener; "" if there is none.
func (b *Bus) HTTPTLSAddr() string { return address(b.listeners.httpTLS) }

// URL returns the base address of the HTTP API, without a / at its end; "" if
// there is none.
func (b *Bus) URL() string { return b.base }

// Alive returns at once while the IRC server works; it waits for ever if that
// hangs. A watchdog calls it.
func (b *Bus) Alive() { b.irc.Stats() }

// Wait returns when the bus has ended: nil if it was asked to, else the first
// failure.
func (b *Bus) Wait() error {
	<-b.done
	return b.err
}

// Stop ends the bus in the reverse order of Start: it stops accepting, lets
// commits finish, tells the clients, and closes the store. It returns Wait's
// result, or ctx's error if that ends first. It may be called several times.
func (b *Bus) Stop(ctx context.Context) error {
	b.stop(errAsked)
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return fmt.Errorf("the bus is still stopping: %w", context.Cause(ctx))
	}
}

// errAsked is the cause of an end that was asked for.
var errAsked = errors.New("the bus is stopping")
