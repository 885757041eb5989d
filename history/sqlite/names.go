package sqlite

import (
	"sync"

	"github.com/ircbus/ircbus"
)

// names gives channels, or publishers, the numbers under which events refer to
// them. It only grows. A number is known here before any row with it can be
// read, so that readers never meet one they cannot name.
type names struct {
	mu     sync.RWMutex
	byName map[string]*name
	byID   map[int64]*name
	last   int64
}

// name is one spelling of a channel's or publisher's name.
type name struct {
	id     int64
	first  int64 // number of the first spelling of the same folded name
	text   string
	folded string

	stored bool // owned by the writer
}

func newNames() *names {
	return &names{byName: map[string]*name{}, byID: map[int64]*name{}}
}

// add makes text known under id.
func (n *names) add(id int64, text string, stored bool) *name {
	n.mu.Lock()
	defer n.mu.Unlock()
	added := &name{id: id, first: id, text: text, folded: ircbus.Fold(text), stored: stored}
	for _, other := range n.byID {
		if other.folded == added.folded {
			added.first = min(added.first, other.id)
		}
	}
	n.byName[text], n.byID[id] = added, added
	n.last = max(n.last, id)
	return added
}

// get returns the name for text, a new one if there was none. Only the writer
// may call it.
func (n *names) get(text string) *name {
	n.mu.RLock()
	known, next := n.byName[text], n.last+1
	n.mu.RUnlock()
	if known != nil {
		return known
	}
	return n.add(next, text, false)
}

// number returns the number of text, 0 if there is none.
func (n *names) number(text string) int64 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if known := n.byName[text]; known != nil {
		return known.id
	}
	return 0
}

// text returns the name with this number, "" if there is none.
func (n *names) text(id int64) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if known := n.byID[id]; known != nil {
		return known.text
	}
	return ""
}

// lastName saves looking up the same name for one row after another.
type lastName struct {
	id   int64
	text string
}

func (l *lastName) of(n *names, id int64) string {
	if l.text == "" || l.id != id {
		*l = lastName{id, n.text(id)}
	}
	return l.text
}

// first returns the number of the first spelling of a name, 0 if there is none.
func (n *names) first(text string) (first int64) {
	for _, id := range n.folded(text) {
		if first == 0 || id < first {
			first = id
		}
	}
	return first
}

// folded returns the numbers of all spellings of a name.
func (n *names) folded(text string) (ids []int64) {
	folded := ircbus.Fold(text)
	n.mu.RLock()
	defer n.mu.RUnlock()
	for id, known := range n.byID {
		if known.folded == folded {
			ids = append(ids, id)
		}
	}
	return ids
}

// groups returns the numbers of all spellings of each folded name.
func (n *names) groups() map[string][]int64 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	groups := map[string][]int64{}
	for id, known := range n.byID {
		groups[known.folded] = append(groups[known.folded], id)
	}
	return groups
}
