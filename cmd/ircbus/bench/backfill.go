package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Backfill measures how fast old events are given over HTTP.
type Backfill struct {
	Server
	Output
	HTTP     string        `help:"Base address of the HTTP API of a bus that is not our own." name:"http" placeholder:"URL"`
	Fill     int           `help:"A bus of its own has so many events; those that --keep has already count." default:"200000"`
	Formats  []string      `help:"Formats to read." default:"xml,json,ndjson,qs"`
	Duration time.Duration `help:"How long to read each format, or until its end." default:"4s"`
	Asks     int           `help:"How often each question is asked." default:"20"`
	With     string        `help:"Lines for the configuration of a bus of its own." placeholder:"TOML"`
}

// Run measures and prints.
func (b *Backfill) Run(env *Env) error {
	if err := b.check(); err != nil {
		return err
	}
	run := &backfill{Backfill: b, env: env, base: strings.TrimSuffix(b.HTTP, "/"), client: &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}},
		result: &Result{Command: "backfill", Parameters: map[string]any{"fill": b.Fill, "formats": strings.Join(b.Formats, ",")}}}
	defer run.client.CloseIdleConnections()
	if b.HTTP == "" {
		child, err := run.startFilled(env.Context)
		if err != nil {
			return err
		}
		defer child.clean()
		defer child.stop()
		b.Pid, run.base = child.pid(), "http://"+child.http
	}
	if err := run.all(env.Context); err != nil {
		return err
	}
	return b.finish(env, run.result)
}

func (b *Backfill) check() error {
	if (b.Addr == "") != (b.HTTP == "") {
		return errors.New("a bus that is not our own needs both --server and --http")
	}
	if b.Fill < 100 || b.Asks < 1 {
		return errors.New("--fill must be at least 100, --asks at least 1")
	}
	for _, format := range b.Formats {
		if beginnings[format] == "" {
			return fmt.Errorf("--formats has %q, it must be of xml, json, ndjson and qs", format)
		}
	}
	return nil
}

// backfill is one run.
type backfill struct {
	*Backfill
	env    *Env
	base   string // address of the API
	client *http.Client
	result *Result

	oldest, head uint64
	failures     []error
}

// startFilled starts a bus that has the events.
func (b *backfill) startFilled(ctx context.Context) (*child, error) {
	c, err := newChild(b.env, b.Data, fillChannels)
	if err != nil {
		return nil, err
	}
	f := &filling{env: b.env, dir: c.dir, want: b.Fill}
	if err := f.fill(ctx); err != nil {
		c.clean()
		return nil, err
	}
	if f.took > 0 {
		b.result.add("filled_per_s", float64(f.filled)/f.took.Seconds())
	}
	if err := c.start(ctx, b.With); err != nil {
		c.clean()
		return nil, err
	}
	return c, nil
}

func (b *backfill) all(ctx context.Context) error {
	if err := b.bounds(ctx); err != nil {
		return err
	}
	if memory, err := processMemory(b.Pid); err == nil && b.Pid != 0 {
		b.result.add("memory_before_MB", float64(memory)/1e6)
	}
	if err := b.awaitIndex(ctx); err != nil {
		return err
	}
	m := startMeter(b.Pid, nil)
	for _, format := range b.Formats {
		if err := b.read(ctx, format); err != nil {
			return err
		}
	}
	if err := b.ask(ctx); err != nil {
		return err
	}
	m.read().tell(b.result)
	if memory, err := processMemory(b.Pid); err == nil && b.Pid != 0 {
		b.result.add("memory_MB", float64(memory)/1e6)
	}
	b.result.Failures = reasons(b.failures...)
	return nil
}
