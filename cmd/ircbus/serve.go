package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bus"
)

// serveCmd runs the bus. A flag that is not given leaves the configuration's
// value; one given as "" closes that door.
type serveCmd struct {
	IRC     *string `help:"Address for IRC; several with commas, here and below." name:"irc" placeholder:"HOST:PORT"`
	IRCTLS  *string `help:"Address for IRC over TLS." name:"irc-tls" placeholder:"HOST:PORT"`
	HTTP    *string `help:"Address for HTTP." name:"http" placeholder:"HOST:PORT"`
	HTTPTLS *string `help:"Address for HTTPS." name:"http-tls" placeholder:"HOST:PORT"`
	Cert    *string `help:"Certificate chain (PEM) for the TLS addresses." placeholder:"FILE"`
	Key     *string `help:"Key (PEM) of the certificate." placeholder:"FILE"`
}

// Run runs the bus until a signal ends it.
func (c *serveCmd) Run(g *globals) error {
	sockets, err := passedSockets()
	if err != nil {
		return usageError(err.Error())
	}
	read := func(g *globals) (bus.Config, error) { return c.config(g, sockets) }
	config, err := read(g)
	if err != nil {
		return err
	}
	hangup, stop := hangups()
	defer stop()
	ctx, cancel := context.WithCancel(g.ctx)
	defer cancel()
	asked := make(rehashes)
	config.Rehash = func() error { return asked.ask(ctx) }
	if g.Config != "" {
		config.File = filepath.Base(g.Config)
	}
	b, err := bus.Start(g.ctx, config)
	if err != nil {
		return startError(g, err)
	}
	greet(g.stderr, b, config)
	return attend(g, b, newManager(g.log), hangup, asked, read)
}

// config is the configuration with the flags and the passed sockets over it.
func (c *serveCmd) config(g *globals, sockets map[string]net.Listener) (bus.Config, error) {
	config, loading := loadConfig(g)
	flags := map[string]string{}
	for _, flag := range []struct {
		name  string
		value *string
		to    *string
	}{
		{"irc", c.IRC, (*string)(&config.IRC)}, {"irc_tls", c.IRCTLS, (*string)(&config.IRCTLS)},
		{"http", c.HTTP, (*string)(&config.HTTP)}, {"http_tls", c.HTTPTLS, (*string)(&config.HTTPTLS)},
		{"cert", c.Cert, &config.Cert}, {"key", c.Key, &config.Key},
	} {
		if flag.value != nil {
			*flag.to = *flag.value
			flags[flag.name] = "--" + strings.ReplaceAll(flag.name, "_", "-")
		}
	}
	useSockets(&config, sockets)
	return config, checkConfig(g, config, loading, flags)
}

// startError tells a mistake of the person who started the bus from a failure.
func startError(g *globals, err error) error {
	var problem *bus.Problem
	if errors.As(err, &problem) {
		return usageError(err.Error())
	}
	if g.ctx.Err() != nil {
		return errors.New("stopped before the bus had started")
	}
	return err
}

// stopWithin is how long the end may take.
const stopWithin = 5 * time.Second

// hangups takes SIGHUP over. It is called before anybody can know that the bus
// is there, because until then the signal ends the process.
func hangups() (hangup <-chan os.Signal, stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	return signals, func() { signal.Stop(signals) }
}

// rehashes are the requests of operators on IRC to read the configuration again;
// each waits for how that went.
type rehashes chan chan<- error

// ask makes a request and waits for its end, or for that of ctx.
func (r rehashes) ask(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case r <- done:
		return <-done
	case <-ctx.Done():
		return errors.New("the bus is stopping")
	}
}

// attend waits for the end of the bus and brings it about when g.ctx ends. On
// SIGHUP, and when somebody asks, it reads the configuration again. The manager
// is told.
func attend(g *globals, b *bus.Bus, m *manager, hangup <-chan os.Signal, asked rehashes, reload func(*globals) (bus.Config, error)) error {
	ended := make(chan error, 1)
	go func() { ended <- b.Wait() }()
	watchdog := m.watchdog()
	defer watchdog.Stop()
	m.ready()
	for {
		select {
		case <-hangup:
			m.reloading()
			reloadBus(g, b, reload)
			m.ready()
		case <-watchdog.C:
			b.Alive()
			m.alive()
		case done := <-asked:
			done <- reloadBus(g, b, reload)
		case err := <-ended:
			return err
		case <-g.ctx.Done():
			m.stopping()
			ctx, cancel := context.WithTimeout(context.WithoutCancel(g.ctx), stopWithin)
			defer cancel()
			return b.Stop(ctx)
		}
	}
}

// reloadBus hands the bus the configuration as it is now. A mistake in it is
// logged, the bus goes on as it was.
func reloadBus(g *globals, b *bus.Bus, reload func(*globals) (bus.Config, error)) error {
	config, err := reload(g)
	if err == nil {
		err = b.Reload(config)
	}
	if err != nil {
		if file := (*bus.FileError)(nil); errors.As(err, &file) {
			for _, line := range file.Lines()[1:] {
				g.log.Error("the new configuration is bad", "err", line)
			}
		}
		g.log.Error("the configuration was only partly reloaded", "err", err)
		return err
	}
	g.log.Info("configuration and certificates read again")
	return nil
}
