package bus

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/ircd/account"
)

// grace is how long those who are connected have to take their last words; who has not
// then is cut off. The whole end takes less than a second, with what else there is to do.
const grace = 500 * time.Millisecond

// run starts every task and the supervisor that ends them.
func (b *Bus) run(ctx context.Context) {
	stopping, stop := context.WithCancelCause(ctx)
	b.stop = stop
	// Readers of the log and of files end later than those who bring events.
	reading, stopReading := context.WithCancel(context.WithoutCancel(ctx))
	b.serve("IRC", b.listeners.irc, b.irc.Serve)
	b.serve("IRC over TLS", b.listeners.ircTLS, b.irc.Serve)
	b.serve("HTTP", b.listeners.http, b.web.Serve)
	b.serve("HTTPS", b.listeners.httpTLS, b.serveHTTPS)
	b.task("the delivery of events", func() error { return b.deliver(reading) })
	b.task("the watch over the accounts", func() error {
		return b.accounts.Watch(reading, func(accounts []account.Account, revoked []string) {
			if err := b.directory.refresh(); err != nil {
				b.log.Error("the accounts cannot be read", "err", err)
			}
			b.sessions.revoke(revoked)
			b.irc.LogOut(revoked)
			b.markers.keep(accounts)
		})
	})
	b.task("retention", func() error { return b.retain(stopping) })
	b.task("the read markers", func() error { return b.markers.run(reading, b.log) })
	b.task("the memory", func() error { return returnMemory(reading, b.replies) })
	for _, d := range b.doors {
		if d.current().source != nil {
			b.tasks.Go(func() { d.run(stopping) })
		}
	}
	go b.supervise(stopping, stopReading)
}

// serve runs a server on a listener, if there is one.
func (b *Bus) serve(what string, l net.Listener, serve func(net.Listener) error) {
	if l != nil {
		b.task(what, func() error { return serve(l) })
	}
}

// task runs fn until it returns; a failure ends the bus.
func (b *Bus) task(what string, fn func() error) {
	b.tasks.Go(func() {
		err := fn()
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, history.ErrClosed) && !errors.Is(err, http.ErrServerClosed) {
			b.stop(fmt.Errorf("%s failed: %w", what, err))
		}
	})
}

// supervise waits for the end to begin and carries it out. It is the last
// goroutine of the bus.
func (b *Bus) supervise(stopping context.Context, stopReading context.CancelFunc) {
	defer close(b.done)
	<-stopping.Done()
	if cause := context.Cause(stopping); !errors.Is(cause, errAsked) && !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		b.err = cause
		b.log.Error("the bus stops", "err", cause)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(stopping), grace)
	defer cancel()
	b.shutdown(ctx)
	stopReading()
	b.tasks.Wait()
	b.release()
}

// shutdown ends the servers side by side. Commits under way finish: the store
// is still open.
func (b *Bus) shutdown(ctx context.Context) {
	web := make(chan error, 1)
	go func() {
		b.api.Close() // ends streams, which Shutdown would wait for
		err := b.web.Shutdown(ctx)
		if err != nil {
			err = errors.Join(err, b.web.Close())
		}
		web <- err
	}()
	if err := b.irc.Shutdown(ctx, "The bus is stopping"); err != nil {
		b.log.Warn("some IRC connections were cut off", "err", err)
	}
	if err := <-web; err != nil {
		b.log.Warn("some HTTP connections were cut off", "err", err)
	}
}

// deliver hands every event that comes into the log from now on to the IRC
// server.
func (b *Bus) deliver(ctx context.Context) error {
	return b.store.Tail(ctx, b.head, func(events []ircbus.Event) error {
		b.irc.Deliver(events)
		b.metrics.delivered.Store(uint64(events[len(events)-1].ID))
		return nil
	})
}

// newWebServer serves the API with limits on what a stranger can hold open.
// There is none on the time of an answer: streams have no end.
func newWebServer(handler http.Handler, secure *tls.Config, log *slog.Logger) *http.Server {
	// HTTP/2 must be named here: the plain listener, if it is the first to be
	// served, would set the server up without it.
	secure.NextProtos = []string{"h2", "http/1.1"}
	return &http.Server{
		Handler:           handler,
		TLSConfig:         secure,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

func (b *Bus) serveHTTPS(l net.Listener) error {
	return b.web.ServeTLS(l, "", "") // the certificate comes from TLSConfig
}
