package sqlite

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// TestChatPlans: what people ask is found by an index, in order, however much
// there is.
func TestChatPlans(t *testing.T) {
	s, _ := openNew(t)
	place := ircbus.Place{At: time.Unix(1, 0), ID: 1}
	type question struct {
		query string
		args  []any
	}
	questions := []question{{chatConversations + "LIMIT ?4", []any{"ann", 0, 1, 10}}}
	for _, q := range []ircbus.MessageQuery{
		{Desc: true, Limit: 10}, {After: place, Limit: 10}, {Before: place, Desc: true, Texts: true, Opened: time.Unix(1, 0), Limit: 10},
	} {
		q.Target, q.Last = "#talk", 9
		query, args := chatStatement(q)
		questions = append(questions, question{query, args})
	}
	err := s.snapshot(t.Context(), func(tx *sql.Tx) error {
		for _, q := range questions {
			rows, err := tx.Query("EXPLAIN QUERY PLAN "+q.query, q.args...)
			if err != nil {
				return err
			}
			var plan []string
			for rows.Next() {
				var id, parent, unused int
				var detail string
				if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
					return err
				}
				plan = append(plan, detail)
			}
			text := strings.Join(plan, "\n")
			if !strings.Contains(text, "USING INDEX chat_target (owner=? AND target=?") && !strings.Contains(text, "USING COVERING INDEX chat_target (owner=?") ||
				strings.Contains(text, "SCAN chat") || len(questions[0].args) != len(q.args) && strings.Contains(text, "TEMP B-TREE") {
				t.Errorf("%s\nis answered by\n%s", q.query, text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
