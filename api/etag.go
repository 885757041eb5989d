package api

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"
)

// etag returns the entity tag of a page that new events cannot change any more,
// else "". It is weak: head and oldest in the page may differ, the events do
// not. What can still change them, retention, redaction and the description blocks
// that addresses are filled from, is part of it.
func (p *page) etag(ctx context.Context) string {
	if !p.settled(ctx) {
		return ""
	}
	wikis := mustJSON(p.h.Wikis())
	q := &p.q
	hash := fnv.New128a()
	fmt.Fprintf(hash, "%s|%s|%d|%d|%d|%d|%t|%d|%q|%d|%d|%t|%s", p.pinned.Epoch, q.format.name, q.After, q.Until,
		q.From.UnixMicro(), q.To.UnixMicro(), q.Desc, q.Limit, q.Views, p.pinned.Removed, p.pinned.Redacted, p.gap(p.pinned), wikis)
	return fmt.Sprintf(`W/"%x"`, hash.Sum(nil))
}

// settled reports whether the query ends before the head: by id, or by time,
// as no later event can have been accepted before the last one was.
func (p *page) settled(ctx context.Context) bool {
	if p.q.toNow {
		return false // the same question has another answer later
	}
	if p.q.until && p.q.Until <= p.pinned.Head {
		return true
	}
	if p.q.To.IsZero() || p.pinned.Head == 0 {
		return false
	}
	last, err := p.h.Index.Event(ctx, p.pinned.Head)
	return err == nil && !p.q.To.After(last.At)
}

// matches reports whether an If-None-Match header has the tag, compared weakly
// (RFC 9110, section 13.1.2).
func matches(ifNoneMatch, tag string) bool {
	for candidate := range strings.SplitSeq(ifNoneMatch, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// tagOf returns the entity tag of an answer with this content; it is weak
// because the answer may be compressed.
func tagOf(content []byte) string {
	hash := fnv.New128a()
	hash.Write(content) // never fails
	return fmt.Sprintf(`W/"%x"`, hash.Sum(nil))
}
