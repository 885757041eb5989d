package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/cmd/ircbus/bus"
)

// doorsCmd shows what has come through the doors of a running bus.
type doorsCmd struct {
	httpServer

	credentials
}

// Help says whom the bus tells.
func (*doorsCmd) Help() string {
	return `For each door that the configuration opens: where it listens, how much it has received, stored, refused and lost since it was opened, its last event and its last refusal. The account must be an operator's.`
}

// Run asks the bus and prints a paragraph for each door.
func (c *doorsCmd) Run(g *globals) error {
	base, err := httpAddress(g, c.Server)
	if err != nil {
		return err
	}
	s, err := c.secret()
	if err != nil {
		return err
	}
	address, client, login, err := c.overHTTP(base, s)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(g.ctx, http.MethodGet, address.JoinPath("doors").String(), nil)
	if err != nil {
		return err
	}
	login(request)
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("cannot reach the bus: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	if err != nil {
		return fmt.Errorf("the bus's answer broke off: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return problemOf(response, answer)
	}
	var report struct{ Doors []bus.DoorReport }
	if err := json.Unmarshal(answer, &report); err != nil {
		return fmt.Errorf("the answer of %s is not that of a bus", response.Request.URL.Redacted())
	}
	if g.JSON {
		_, err = g.stdout.Write(answer)
		return err
	}
	if len(report.Doors) == 0 {
		_, err = fmt.Fprintln(g.stdout, "No door is open: the configuration opens them")
		return err
	}
	for _, d := range report.Doors {
		if err := printDoor(g.stdout, d); err != nil {
			return err
		}
	}
	return nil
}

// printDoor prints what is known of a door. What senders wrote is quoted.
func printDoor(w io.Writer, d bus.DoorReport) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s  %s\n", d.Door, strings.Join(d.Listens, ", "))
	if d.Failure != "" {
		fmt.Fprintf(&text, "  does not work: %s\n", d.Failure)
	}
	fmt.Fprintf(&text, "  received %d, stored %d, duplicates %d, for people %d, refused %s, lost %s\n",
		d.Received, d.Stored, d.Duplicates, d.Memos, counts(d.Refused), counts(d.Dropped))
	if e := d.LastEvent; e != nil {
		fmt.Fprintf(&text, "  last event %d in %s at %s\n", e.ID, e.Channel, ircbus.FormatTime(e.At))
	}
	if r := d.LastRefusal; r != nil {
		fmt.Fprintf(&text, "  last refusal at %s (%s, from %q): %q\n", ircbus.FormatTime(r.At), r.Reason, r.Sender, r.Detail)
	}
	if l := d.LastTrouble; l != nil {
		fmt.Fprintf(&text, "  last trouble at %s: %s: %q\n", ircbus.FormatTime(l.At), l.What, l.Detail)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// counts writes a sum and, in parentheses, of what it is.
func counts[K ~string](of map[K]uint64) string {
	var sum uint64
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(of)) {
		if n := of[kind]; n > 0 {
			sum += n
			parts = append(parts, fmt.Sprintf("%s %d", kind, n))
		}
	}
	if sum == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%s)", sum, strings.Join(parts, ", "))
}
