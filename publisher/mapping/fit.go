package mapping

import (
	"cmp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

// told is room for the fields "omitted" and "cut", in bytes.
const told = 300

// Fit returns the event's fields within the bus's limits; maxBody is that of the
// canonical form in bytes, 0 means ircbus.MaxBody. If there is too much, first
// what is longer than half of the limit is shortened, then those of Rest are left out
// that tell the least, as unimportant says, and the field "omitted" counts them; then
// the longest values are shortened, and the field "cut" names them. The same event is always fitted in the same way.
func (e *Event) Fit(maxBody int) ircbus.Fields {
	if maxBody == 0 {
		maxBody = ircbus.MaxBody
	}
	f := newFitting(e, maxBody-told)
	f.leaveOut(f.unimportant(e.Rest), func(i int) bool { return f.size > f.maxSize && f.sizes[i] > f.maxSize/8 })
	cut := f.shortenHuge()
	order := append(f.unimportant(e.Rest), f.repeated()...)
	f.leaveOut(order, func(int) bool { return f.count > ircbus.MaxFields-2 })
	f.leaveOut(f.unimportant(e.Rest), func(int) bool { return f.size > f.maxSize })

	var fields ircbus.Fields
	for i, field := range f.all {
		if !f.gone[i] {
			fields = append(fields, field)
		}
	}
	for _, key := range shorten(fields, f.size-f.maxSize) {
		if !slices.Contains(cut, key) {
			cut = append(cut, key)
		}
	}
	if omitted := e.Omitted + len(f.all) - f.count; omitted > 0 {
		fields = append(fields, ircbus.Field{Key: "omitted", Value: strconv.Itoa(omitted)})
	}
	if len(cut) > 0 {
		fields = append(fields, ircbus.Field{Key: "cut", Value: strings.Join(cut, ",")})
	}
	return fields
}

// fitting is an event that is made to fit.
type fitting struct {
	all     ircbus.Fields
	own     int // those of all that are the event's Fields
	sizes   []int
	gone    []bool
	count   int // fields that are left
	size    int // bytes that are left
	maxSize int
}

func newFitting(e *Event, maxSize int) *fitting {
	all := slices.Concat(e.Fields, e.Rest)
	f := &fitting{all: all, own: len(e.Fields), sizes: make([]int, len(all)), gone: make([]bool, len(all)), count: len(all), maxSize: maxSize}
	for i := range all {
		f.sizes[i] = encoded(all[i : i+1])
		f.size += f.sizes[i]
	}
	return f
}

// leaveOut leaves out fields in this order while there is a reason to.
func (f *fitting) leaveOut(order []int, reason func(i int) bool) {
	for _, i := range order {
		if !f.gone[i] && reason(i) {
			f.gone[i] = true
			f.size -= f.sizes[i]
			f.count--
		}
	}
}

// shortenHuge shortens own fields that take more than half of the limit, to that, as
// far as it is needed, and returns their keys: one text shall not leave out all else.
func (f *fitting) shortenHuge() (cut []string) {
	for i := range f.all[:f.own] {
		excess := min(f.size-f.maxSize, f.sizes[i]-f.maxSize/2)
		if excess <= 0 || len(f.all[i].Value) <= shortest {
			continue
		}
		f.all[i].Value = truncate(f.all[i].Value, excess)
		size := encoded(f.all[i : i+1])
		f.size += size - f.sizes[i]
		f.sizes[i] = size
		cut = append(cut, f.all[i].Key)
	}
	return cut
}

// group are the fields of one name.
type group struct {
	at          []int
	rank, bytes int
}

// unimportant returns the places of Rest, what tells the least first: what is
// nested deeply, and what is a list, from its end. So a result, which is one word
// near the top, is the last to go. Among equals the longest goes first, then the
// last.
func (f *fitting) unimportant(rest ircbus.Fields) (order []int) {
	groups := make(map[string]*group)
	var all []*group
	for i, field := range rest {
		g := groups[field.Key]
		if g == nil {
			g = &group{rank: strings.Count(field.Key, ".")}
			groups[field.Key] = g
			all = append(all, g)
		}
		g.at = append(g.at, f.own+i)
		g.bytes += f.sizes[f.own+i]
	}
	slices.SortFunc(all, func(a, b *group) int {
		return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(len(b.at), len(a.at)), cmp.Compare(b.bytes, a.bytes), cmp.Compare(b.at[0], a.at[0]))
	})
	for _, g := range all {
		slices.Reverse(g.at)
		order = append(order, g.at...)
	}
	return order
}

// weight is how deep a group is; a list counts as two deeper.
func (g *group) weight() int {
	if len(g.at) > 1 {
		return g.rank + 2
	}
	return g.rank
}

// repeated returns the places of the event's own fields that repeat a name, from
// the end.
func (f *fitting) repeated() (order []int) {
	for i := f.own - 1; i >= 0; i-- {
		if f.all[:i].Has(f.all[i].Key) {
			order = append(order, i)
		}
	}
	return order
}

// encoded is what the fields take in a longer event's canonical form, in bytes.
func encoded(fields ircbus.Fields) int {
	if len(fields) == 0 {
		return 0
	}
	return len(fields.Encode()) + 1
}

// shortest is what is left of a value at least, in bytes.
const shortest = 64

// shorten takes excess bytes from the longest values and returns their keys.
func shorten(fields ircbus.Fields, excess int) (cut []string) {
	for excess > 0 {
		longest := 0
		for i, field := range fields {
			if len(field.Value) > len(fields[longest].Value) {
				longest = i
			}
		}
		field := &fields[longest]
		if len(field.Value) <= shortest {
			return cut // it cannot fit; the bus will refuse it
		}
		before := encoded(fields[longest : longest+1])
		field.Value = truncate(field.Value, excess)
		excess -= before - encoded(fields[longest:longest+1])
		cut = append(cut, field.Key)
	}
	return cut
}

const ellipsis = "…"

// truncate cuts a value between characters so that its canonical form loses at
// least excess bytes, if it is long enough, and marks where.
func truncate(value string, excess int) string {
	length := func(v string) int { return len(ircbus.Fields{{Value: v}}.Encode()) }
	room := length(value) - excess - len(ellipsis)
	n := sort.Search(len(value), func(n int) bool { return length(value[:n]) > room }) - 1
	n = max(n, shortest-len(ellipsis))
	for n > 0 && !utf8.RuneStart(value[n]) {
		n--
	}
	return value[:n] + ellipsis
}
