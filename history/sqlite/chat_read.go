package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// chatTexts is the condition for what people say, without what they do.
const chatTexts = "command IN ('PRIVMSG', 'NOTICE')"

// Messages implements history.Chat.
func (s *Store) Messages(ctx context.Context, q ircbus.MessageQuery, fn func(*ircbus.Message) error) error {
	if q.Last == 0 {
		q.Last = s.Last()
	}
	if err := s.flushChat(ctx, q.Last); err != nil {
		return err
	}
	var found []ircbus.Message
	err := s.snapshot(ctx, func(tx *sql.Tx) (err error) {
		query, args := chatStatement(q)
		found, err = readMessages(tx, query, args)
		return err
	})
	if err != nil {
		return err
	}
	for i := range found {
		if err := fn(&found[i]); err != nil {
			return err
		}
	}
	return nil
}

func chatStatement(q ircbus.MessageQuery) (query string, args []any) {
	where := []string{"owner = ? AND target = ? AND id <= ?"}
	args = []any{q.Owner, q.Target, int64(q.Last)}
	and := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if q.After != (ircbus.Place{}) {
		and("(at, id) > (?, ?)", microseconds(q.After.At), int64(min(q.After.ID, math.MaxInt64)))
	}
	if q.Before != (ircbus.Place{}) {
		and("(at, id) < (?, ?)", microseconds(q.Before.At), int64(min(q.Before.ID, math.MaxInt64)))
	}
	if !q.Since.IsZero() {
		and("at >= ?", microseconds(q.Since))
	}
	if !q.Opened.IsZero() {
		and("(NOT closed OR at >= ?)", microseconds(q.Opened))
	}
	if q.Texts {
		and(chatTexts)
	}
	order := " ORDER BY at, id"
	if q.Desc {
		order = " ORDER BY at DESC, id DESC"
	}
	query = "SELECT id, owner, target, at, msgid, source, account, command, params, tags, bot, closed FROM chat WHERE " +
		strings.Join(where, " AND ") + order
	if q.Limit > 0 {
		query, args = query+" LIMIT ?", append(args, q.Limit)
	}
	return query, args
}

func readMessages(tx *sql.Tx, query string, args []any) (found []ircbus.Message, err error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m ircbus.Message
		var at int64
		var params string
		err := rows.Scan(&m.ID, &m.Owner, &m.Target, &at, &m.MsgID, &m.Source, &m.Account, &m.Command, &params, &m.Tags, &m.Bot, &m.Closed)
		if err == nil {
			err = json.Unmarshal([]byte(params), &m.Params)
		}
		if err != nil {
			return nil, fmt.Errorf("message %d is damaged on disk: %w", m.ID, err)
		}
		m.At = time.UnixMicro(at).UTC()
		found = append(found, m)
	}
	return found, rows.Err()
}

// Place implements history.Chat.
func (s *Store) Place(ctx context.Context, owner, target, msgid string) (p ircbus.Place, found bool, err error) {
	if err := s.flushChat(ctx, s.Last()); err != nil {
		return p, false, err
	}
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		var at int64
		err := tx.QueryRow("SELECT at, id FROM chat WHERE msgid = ? AND owner = ? AND target = ? LIMIT 1", msgid, owner, target).Scan(&at, &p.ID)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		p.At, found = time.UnixMicro(at).UTC(), err == nil
		return err
	})
	return p, found, err
}

// chatConversations steps from one of an owner's conversations to the next in
// the index, and takes the last text of each.
const chatConversations = `
	WITH RECURSIVE
	partner (name) AS (
		SELECT min(target) FROM chat WHERE owner = ?1
		UNION ALL
		SELECT (SELECT min(target) FROM chat WHERE owner = ?1 AND target > name) FROM partner WHERE name IS NOT NULL),
	last (id) AS (
		SELECT (SELECT id FROM chat WHERE owner = ?1 AND target = name AND ` + chatTexts + ` ORDER BY at DESC, id DESC LIMIT 1) FROM partner)
	SELECT chat.target, chat.at FROM last JOIN chat USING (id)
	WHERE chat.at >= ?2 AND chat.at < ?3
	ORDER BY chat.at `

// Conversations implements history.Chat.
func (s *Store) Conversations(ctx context.Context, owner string, from, to time.Time, limit int, desc bool) (found []ircbus.Conversation, err error) {
	if err := s.flushChat(ctx, s.Last()); err != nil {
		return nil, err
	}
	query := chatConversations + "LIMIT ?4"
	if desc {
		query = chatConversations + "DESC LIMIT ?4"
	}
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		rows, err := tx.Query(query, owner, microseconds(from), microseconds(to), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c ircbus.Conversation
			var at int64
			if err := rows.Scan(&c.With, &at); err != nil {
				return err
			}
			c.At = time.UnixMicro(at).UTC()
			found = append(found, c)
		}
		return rows.Err()
	})
	return found, err
}
