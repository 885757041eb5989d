package sqlite

import (
	"time"

	"github.com/ircbus/ircbus"
)

// insert stores a group's events within a transaction and fills in the receipts.
func (w *writer) insert(group []*request) (stored []ircbus.Event, err error) {
	at := time.UnixMicro(w.at).UTC()
	formatted := ircbus.FormatTime(at)
	size := 0
	for _, r := range group {
		size += len(r.events)
	}
	stored = make([]ircbus.Event, 0, size)
	for _, r := range group {
		for i := range r.events {
			p := &r.events[i]
			first, err := w.insertEvent(p, at, formatted)
			if err != nil {
				return nil, err
			}
			if first != nil {
				r.receipts[i] = *first
				continue
			}
			r.receipts[i] = ircbus.Receipt{ID: p.event.ID, At: at}
			stored = append(stored, p.event)
		}
	}
	if len(stored) == 0 {
		return nil, nil
	}
	w.unseen += len(stored) / eventsOfLook
	_, err = w.db.exec("UPDATE log SET head = ?, at = ?", int64(w.head), w.at)
	return stored, err
}

// insertEvent stores one event, or returns the receipt of the one that had its
// key first.
func (w *writer) insertEvent(p *pending, at time.Time, formatted string) (first *ircbus.Receipt, err error) {
	channel, err := w.name(w.store.channels, p.event.Channel, "INSERT INTO channels (id, name) VALUES (?, ?)")
	if err != nil {
		return nil, err
	}
	publisher, err := w.name(w.store.publishers, p.event.Publisher, "INSERT INTO publishers (id, name) VALUES (?, ?)")
	if err != nil {
		return nil, err
	}
	id := w.head + 1
	if p.key != "" {
		added, err := w.db.exec("INSERT INTO keys VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", publisher.first, p.key, int64(id), w.at)
		if err != nil {
			return nil, err
		}
		if added == 0 {
			return w.duplicate(publisher.first, p.key)
		}
	}
	p.accept(id, at, formatted)
	_, err = w.db.exec("INSERT INTO events VALUES (?, ?, ?, ?, ?)", int64(id), w.at, channel.id, publisher.id, string(p.body))
	if err != nil {
		return nil, err
	}
	w.head = id
	return nil, nil
}

// duplicate returns the receipt of the event that had the key first.
func (w *writer) duplicate(publisher int64, key string) (*ircbus.Receipt, error) {
	var id, at int64
	err := w.db.row("SELECT id, at FROM keys WHERE publisher = ? AND key = ?", []any{publisher, key}, &id, &at)
	if err != nil {
		return nil, err
	}
	return &ircbus.Receipt{ID: ircbus.ID(id), At: time.UnixMicro(at).UTC(), Duplicate: true}, nil
}

// name returns the number of a name, and stores it if it is new.
func (w *writer) name(n *names, text, insert string) (*name, error) {
	known := n.get(text)
	if known.stored {
		return known, nil
	}
	for _, f := range w.fresh {
		if f == known {
			return known, nil
		}
	}
	if _, err := w.db.exec(insert, known.id, text); err != nil {
		return nil, err
	}
	w.fresh = append(w.fresh, known)
	return known, nil
}
