package sqlite

import (
	"context"
	"fmt"

	"github.com/ircbus/ircbus"
)

// Report is what Check found.
type Report struct {
	Events       int64     // kept
	Messages     int64     // of people, kept
	Oldest, Head ircbus.ID // first id kept, last id given out; 0 if there is none
	Problems     []string  // a sentence each; none in a sound database
}

// invariants are queries that count what must not be there.
var invariants = []struct{ query, problem string }{
	{"SELECT count(*) FROM events WHERE id > (SELECT head FROM log)", "%d events have an id that was never given out"},
	{"SELECT count(*) FROM (SELECT at, lag(at) OVER (ORDER BY id) AS before FROM events) WHERE at < before", "%d events were accepted before the one before them"},
	{"SELECT count(*) FROM events WHERE channel NOT IN (SELECT id FROM channels)", "%d events are in no channel"},
	{"SELECT count(*) FROM events WHERE publisher NOT IN (SELECT id FROM publishers)", "%d events are from no publisher"},
	{"SELECT count(*) FROM keys WHERE id > (SELECT head FROM log)", "%d keys belong to ids that were never given out"},
	{"SELECT count(*) FROM events WHERE id IN (SELECT id FROM redactions)", "%d events are there although they have been redacted"},
	{"SELECT count(*) FROM redactions WHERE id >= tombstone OR tombstone > (SELECT head FROM log)", "%d redactions have a tombstone that was never given out"},
	{"SELECT count(*) FROM chat WHERE target = '' OR msgid = '' OR command = '' OR NOT json_valid(params)", "%d messages of people cannot be read"},
	{"SELECT count(*) FROM chat WHERE (owner = '') <> (target LIKE '#%')", "%d messages of people are in a channel and a conversation at once, or in neither"},
	{"SELECT count(*) FROM memos WHERE recipient = '' OR sender = '' OR (text = '') <> given", "%d messages that wait for people cannot be delivered"},
	{"SELECT abs(count(*) - 1) FROM log", "the log's state is there %d times too often or seldom"},
}

// Check reads the whole database at path, which a bus may have open, and says
// what is wrong with it. The error is about what kept Check from reading.
func Check(ctx context.Context, path string) (report Report, err error) {
	c, err := connectExisting(path, "_query_only=true")
	if err != nil {
		return report, err
	}
	defer c.close()
	if _, err := c.db.ExecContext(ctx, "BEGIN", nil); err != nil { // one moment for all queries
		return report, err
	}
	var problem string
	var version int64
	if err := c.row("PRAGMA user_version", nil, &version); err != nil {
		return report, err
	} else if version < schemaVersion {
		return report, fmt.Errorf("%s is of an older ircbus: start the bus once, which brings it up to date", path)
	}
	err = c.rows("PRAGMA integrity_check(20)", nil, func() error {
		if problem != "ok" {
			report.Problems = append(report.Problems, "SQLite says: "+problem)
		}
		return ctx.Err()
	}, &problem)
	if err != nil || len(report.Problems) > 0 {
		return report, err
	}
	for _, rule := range invariants {
		var n int64
		if err := c.row(rule.query, nil, &n); err != nil {
			return report, err
		}
		if n > 0 {
			report.Problems = append(report.Problems, fmt.Sprintf(rule.problem, n))
		}
	}
	if err := c.checkBodies(ctx, &report); err != nil {
		return report, err
	}
	var oldest, head int64
	err = c.row("SELECT count(*), coalesce(min(id), 0), coalesce((SELECT max(head) FROM log), 0) FROM events", nil, &report.Events, &oldest, &head)
	if err != nil {
		return report, err
	}
	report.Oldest, report.Head = ircbus.ID(oldest), ircbus.ID(head)
	err = c.row("SELECT count(*) FROM chat", nil, &report.Messages)
	return report, err
}

// checkBodies reads every event as its readers will.
func (c *conn) checkBodies(ctx context.Context, report *Report) error {
	var id int64
	var body string
	bad, first := 0, int64(0)
	err := c.rows("SELECT id, body FROM events ORDER BY id", nil, func() error {
		if _, err := ircbus.Parse(body); err != nil {
			if bad++; bad == 1 {
				first = id
			}
		}
		return ctx.Err()
	}, &id, &body)
	if bad > 0 {
		report.Problems = append(report.Problems, fmt.Sprintf("%d events cannot be read, the first is %d", bad, first))
	}
	return err
}
