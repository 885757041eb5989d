package ircd

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"
)

// lookup is what a command wants to know from the store before its answer is
// complete. The connection's next command waits for it.
type lookup struct {
	read func(context.Context) error // runs without Server.mu
	show func(error) error           // answers with what was read, or why not, under Server.mu

	holds  bool // until then the client is sent nothing that does not answer the command
	search bool // through a filter, which may take long
	write  bool // it changes the store, and so does not wait for those who read
}

// Limits of what the connections ask the store for.
const (
	maxLookups  = 4                // at once, over all connections, of those that are quick
	maxSearches = 1                // and of those that may take long: with more, publishers would wait
	lookupTime  = 10 * time.Second // for one command, with the time that it waits for others'
)

// errBusy is why nothing was read.
var errBusy = errors.New("the server is busy answering others")

// lookUp completes the answer to the command with its lookups and sends it. It lets go of
// Server.mu meanwhile: the answer so far is set aside, so that nobody else sends
// it.
func (c *client) lookUp(command string) {
	lookups, label, response, arriving := c.lookups, c.label, c.response, c.arriving
	if len(lookups) == 0 {
		return
	}
	c.lookups, c.label, c.response, c.arriving = nil, "", nil, nil
	if slices.ContainsFunc(lookups, func(l lookup) bool { return l.holds }) {
		c.conn.hold()
	}
	c.unlock()
	c.conn.endTurn()
	if isSearch(lookups) {
		c.charge(maxCost)
	}
	errs := c.srv.read(lookups, c.conn.from.Counted)
	c.lock()
	c.label, c.response, c.arriving = label, response, append(arriving, c.arriving...)
	for i, l := range lookups {
		c.answer(command, l.show(errs[i]))
	}
	c.conn.resume(c.compose(), c.arriving...)
	c.arriving = nil
}

func isSearch(lookups []lookup) bool {
	return slices.ContainsFunc(lookups, func(l lookup) bool { return l.search })
}

// read carries out lookups when it is their turn.
func (s *Server) read(lookups []lookup, from netip.Addr) []error {
	errs := make([]error, len(lookups))
	if slices.ContainsFunc(lookups, func(l lookup) bool { return l.write }) {
		for i, l := range lookups {
			errs[i] = l.read(s.ctx)
		}
		return errs
	}
	ctx, cancel := context.WithTimeout(s.stop, lookupTime)
	defer cancel()
	turn, search := s.reading, isSearch(lookups)
	if search {
		turn = s.searching
	}
	done, err := turn.Take(ctx, from)
	if err != nil {
		for i := range errs {
			errs[i] = errBusy
		}
		return errs
	}
	began := time.Now()
	defer func() {
		if !search {
			done()
			return
		}
		// Searches take at most a quarter of a processor.
		time.AfterFunc(3*time.Since(began), done)
	}()
	for i, l := range lookups {
		errs[i] = l.read(ctx)
	}
	return errs
}
