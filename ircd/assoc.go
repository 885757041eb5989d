package ircd

import "iter"

// assoc is an association list: a map by folded names for the few channels that
// somebody is in. One of Go's maps takes 250 bytes for a single entry, which ten
// thousand people in a channel each would feel. What it refers to never changes:
// copies of it stay as they are.
type assoc[V any] []named[V]

// named is an entry of an assoc.
type named[V any] struct {
	key   lcChan
	value *V
}

// get returns the value of the key, nil if there is none.
func (a assoc[V]) get(key lcChan) *V {
	for _, e := range a {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// add adds an entry with a new key.
func (a *assoc[V]) add(key lcChan, value *V) {
	grown := make(assoc[V], len(*a), len(*a)+1)
	copy(grown, *a)
	*a = append(grown, named[V]{key, value})
}

// remove removes an entry, if it is there.
func (a *assoc[V]) remove(key lcChan) {
	if a.get(key) == nil {
		return
	}
	var rest assoc[V]
	if len(*a) > 1 {
		rest = make(assoc[V], 0, len(*a)-1)
	}
	for _, e := range *a {
		if e.key != key {
			rest = append(rest, e)
		}
	}
	*a = rest
}

// all yields the entries, in the order in which they were added.
func (a assoc[V]) all() iter.Seq2[lcChan, *V] {
	return func(yield func(lcChan, *V) bool) {
		for _, e := range a {
			if !yield(e.key, e.value) {
				return
			}
		}
	}
}
