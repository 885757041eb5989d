package ircbus

import "strings"

// View is a channel, optionally seen through a filter: "#moin?page=Bad*".
type View struct {
	Channel string // as written, without the filter
	Filter  Filter
	name    string
}

// ParseView reads the name of a view. The error is a *Refusal.
func ParseView(name string) (View, error) {
	if len(name) > MaxViewLen {
		return View{}, Refuse(InvalidEvent, "the view %.20q… has %d bytes, the limit is %d", name, len(name), MaxViewLen)
	}
	channel, query, filtered := strings.Cut(name, "?")
	if err := CheckChannel(channel); err != nil {
		return View{}, err
	}
	v := View{Channel: channel, name: name}
	if filtered {
		if i := strings.IndexFunc(query, func(r rune) bool { return r <= ' ' || r == ',' || r == 127 }); i >= 0 {
			return View{}, Refuse(InvalidEvent, "the filter %q must have %q escaped", query, query[i:i+1])
		}
		var err error
		if v.Filter, err = ParseFilter(query); err != nil {
			return View{}, err
		}
	}
	return v, nil
}

// String returns the name the view was parsed from.
func (v View) String() string { return v.name }

// WithChannel returns the same view of another channel, for names that stand
// for one another, such as "#moin.text" for "#moin".
func (v View) WithChannel(channel string) View {
	v.name = channel + v.name[len(v.Channel):]
	v.Channel = channel
	return v
}

// Match reports whether the event is in the view.
func (v View) Match(e *Event) bool {
	return Fold(v.Channel) == Fold(e.Channel) && v.Filter.Match(e.Fields)
}
