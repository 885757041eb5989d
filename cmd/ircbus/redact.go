package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/ircbus/ircbus"
)

// redactCmd removes an event, or fields of it, from a running bus.
type redactCmd struct {
	ID     string   `arg:"" help:"The event's id, as 123, or EPOCH-123."`
	Field  []string `help:"A field to remove; without any, the whole event goes." placeholder:"NAME"`
	Reason string   `help:"Why, for those who have seen the event." placeholder:"TEXT"`

	httpServer

	credentials
}

// Help says what happens.
func (*redactCmd) Help() string {
	return `The event's publisher and operators may do this. What is removed is gone from the bus's files and from every later answer; a tombstone, an event with action=REDACT and target=ID, tells those who have seen it. Its id is printed.`
}

// Run asks the bus and prints the tombstone's id.
func (c *redactCmd) Run(g *globals) error {
	event, err := ircbus.ParseCursor(c.ID)
	if err != nil {
		return usageError(err.Error())
	} else if event.ID == 0 {
		return usagef("%q is not an event id: ids begin with 1", c.ID)
	}
	base, err := httpAddress(g, c.Server)
	if err != nil {
		return err
	}
	s, err := c.secret()
	if err != nil {
		return err
	}
	bus, client, login, err := c.overHTTP(base, s)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	query := url.Values{"field": c.Field}
	if c.Reason != "" {
		query.Set("reason", c.Reason)
	}
	bus = bus.JoinPath("events", event.String())
	bus.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(g.ctx, http.MethodDelete, bus.String(), nil)
	if err != nil {
		return err
	}
	login(request)
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("cannot reach the bus: %w", err)
	}
	defer response.Body.Close()
	return c.print(g, response)
}

func (c *redactCmd) print(g *globals, response *http.Response) error {
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("the bus's answer broke off: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return problemOf(response, answer)
	}
	var redacted struct{ Tombstone ircbus.Event }
	if err := json.Unmarshal(answer, &redacted); err != nil {
		return fmt.Errorf("the answer of %s is not that of a bus", response.Request.URL.Redacted())
	}
	if g.JSON {
		_, err = fmt.Fprintf(g.stdout, "%s\n", redacted.Tombstone.AppendJSON(nil))
	} else {
		_, err = fmt.Fprintln(g.stdout, redacted.Tombstone.ID)
	}
	return err
}
