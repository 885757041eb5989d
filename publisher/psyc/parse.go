// Package psyc is the door for senders of PSYC notices: what procmail, MediaWiki,
// CVS and git hooks, Nagios and others send to psyced, over UDP and TCP, in the
// syntax of PSYC 0.9 (about.psyc.eu/Spec:Packets, packets end in ".") and of 1.0
// (about.psyc.eu/Spec:Packet, packets end in "|"). The mapping to an event is in
// docs/doors/psyc.md.
package psyc

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus"
)

// Limits of one packet.
const (
	maxPacket = 64 << 10 // bytes
	maxVars   = 256
)

// Var is a variable of a packet. A list has several values.
type Var struct {
	Name   string // "_page"
	Values []string
}

// Packet is one packet.
type Packet struct {
	Vars   []Var
	Method string // "_notice_update_wiki"; "" in a packet that only asks whether we are there
	Data   string // the template, or what it is

	// Check is the first variable of the packet if it proves who sends it, and
	// Signed what it is the proof of: everything that follows.
	Check  Var
	Signed string
}

// Get returns the value of a variable, of a list the first, or "".
func (p *Packet) Get(name string) string {
	for _, v := range p.Vars {
		if v.Name == name {
			return v.Values[0]
		}
	}
	return ""
}

// set replaces a variable, or removes it if there are no values.
func (p *Packet) set(name string, values ...string) {
	p.Vars = slices.DeleteFunc(p.Vars, func(v Var) bool { return v.Name == name })
	if len(values) > 0 {
		p.Vars = append(p.Vars, Var{name, values})
	}
}

// isEmpty reports whether the packet says nothing, which asks for a sign of life.
func (p *Packet) isEmpty() bool { return len(p.Vars) == 0 && p.Method == "" && p.Check.Name == "" }

// syntaxError is what is wrong with a packet, with psyced's word for it.
type syntaxError struct{ method, reason string }

func (e *syntaxError) Error() string { return e.reason }

func refuse(method, reason string) error {
	return &syntaxError{method, reason}
}

// state are the variables that last longer than a packet, of one circuit.
type state []Var

// parse reads a packet without its last line. In the old syntax kept is the
// circuit's state, which the packet may change; nil keeps none.
func parse(text string, old bool, kept *state) (*Packet, error) {
	p := &Packet{}
	text = p.cutCheck(text)
	if kept != nil {
		p.Vars = slices.Clone(*kept)
	}
	r := reader{p: p, rest: text, old: old, kept: kept}
	if err := r.header(); err != nil {
		return nil, err
	}
	p.Data = strings.TrimSuffix(r.rest, "\n")
	return p, nil
}

// cutCheck takes the proof off the packet, if it begins with one.
func (p *Packet) cutCheck(text string) string {
	line, rest, _ := strings.Cut(text, "\n")
	name, value, ok := strings.Cut(strings.TrimSuffix(line, "\r"), "\t")
	if !ok || !strings.HasPrefix(name, ":_check") {
		return text
	}
	p.Check, p.Signed = Var{name[1:], []string{strings.ToLower(strings.TrimSpace(value))}}, rest
	return rest
}

// reader reads a packet's header.
type reader struct {
	p    *Packet
	rest string
	old  bool
	kept *state
	last string // the variable that a line may continue
}

// header reads up to the method. What is left then is the data.
func (r *reader) header() error {
	for r.rest != "" {
		var line string
		line, r.rest, _ = strings.Cut(r.rest, "\n")
		line = strings.TrimSuffix(line, "\r")
		switch {
		case line == "":
		case line[0] == '_':
			if !isName(line) {
				return refuse("_error_illegal_method", "the method "+quote(line)+" has characters that none may have")
			}
			r.p.Method = alias(line)
			return nil
		case line[0] == '\t' || line[0] == ' ':
			r.goOn(line[1:])
		case strings.IndexByte(":=+-?!@", line[0]) >= 0:
			if err := r.modifier(line[0], line[1:]); err != nil {
				return err
			}
		case !r.old && isDigits(line): // the length of what follows, with its last line feed or without
			if n, err := strconv.Atoi(line); err != nil || n != len(r.rest) && n+len("\n") != len(r.rest) {
				return refuse("_error_invalid_syntax", "the packet's length "+line+" is wrong")
			}
		default:
			return refuse("_error_invalid_method_compact", "the line "+quote(line)+" is neither a variable nor a method")
		}
		if len(r.p.Vars) > maxVars {
			return refuse("_error_illegal_protocol_variable", "there are more than "+strconv.Itoa(maxVars)+" variables")
		}
	}
	return nil
}

// goOn appends a line to the value before it.
func (r *reader) goOn(line string) {
	for i, v := range r.p.Vars {
		if v.Name == r.last {
			last := len(v.Values) - 1
			r.p.Vars[i].Values = append(slices.Clone(v.Values[:last]), v.Values[last]+"\n"+line)
		}
	}
}

// modifier reads a line that sets or changes a variable.
func (r *reader) modifier(glyph byte, line string) error {
	end := strings.IndexAny(line, " \t")
	name, value := line, ""
	if end >= 0 {
		name, value = line[:end], line[end:]
	}
	if name == "" && r.last != "" { // a list goes on
		r.add(r.last, strings.TrimLeft(value, " \t"))
		return nil
	}
	if !isName(name) {
		return refuse("_error_illegal_protocol_variable", "the variable "+quote(name)+" has characters that none may have")
	}
	if name == "_length" && r.old {
		return refuse("_failure_unsupported_module_length", "the variable _length is not supported")
	}
	r.last = name
	value, err := r.value(value)
	if err != nil {
		return err
	}
	r.change(glyph, name, value)
	return nil
}

// value is what stands behind a variable's name. In the new syntax it may have
// its length before it, and then line feeds in it.
func (r *reader) value(rest string) (string, error) {
	length, text, ok := strings.Cut(strings.TrimPrefix(rest, " "), "\t")
	if r.old || !strings.HasPrefix(rest, " ") || !ok || !isDigits(length) {
		return strings.TrimLeft(rest, " \t"), nil
	}
	n, err := strconv.Atoi(length)
	all := text + "\n" + r.rest
	if err != nil || n > len(all)-1 || all[n] != '\n' {
		return "", refuse("_error_invalid_syntax", "the length "+quote(length)+" of a variable is wrong")
	}
	r.rest = all[n+1:]
	return all[:n], nil
}

// change does what a modifier says.
func (r *reader) change(glyph byte, name, value string) {
	values := []string{value}
	if isList(name) && len(value) > 1 && value[0] == '|' {
		values = strings.Split(strings.Trim(value, "|"), "|")
	}
	switch glyph {
	case '+':
		r.add(name, values...)
	case '-':
		r.remove(name, value)
	case '?', '!', '@':
		return
	default:
		if value == "" {
			values = nil
		}
		r.p.set(name, values...)
	}
	if r.kept == nil || glyph == ':' {
		return
	}
	kept := Packet{Vars: *r.kept}
	kept.set(name)
	if i := slices.IndexFunc(r.p.Vars, func(v Var) bool { return v.Name == name }); i >= 0 && len(kept.Vars) < maxVars {
		kept.set(name, r.p.Vars[i].Values...)
	}
	*r.kept = kept.Vars
}

func (r *reader) add(name string, values ...string) {
	for i, v := range r.p.Vars {
		if v.Name == name && len(v.Values)+len(values) <= maxVars {
			r.p.Vars[i].Values = append(slices.Clone(v.Values), values...)
			return
		}
	}
	r.p.set(name, values...)
}

func (r *reader) remove(name, value string) {
	for i, v := range r.p.Vars {
		if v.Name != name {
			continue
		}
		left := slices.DeleteFunc(slices.Clone(v.Values), func(other string) bool { return other == value })
		if len(left) == 0 || value == "" {
			r.p.set(name)
		} else {
			r.p.Vars[i].Values = left
		}
		return
	}
}

func isList(name string) bool { return name == "_list" || strings.HasPrefix(name, "_list_") }

// isName reports whether a word is a method or a variable.
func isName(word string) bool {
	return len(word) > 1 && word[0] == '_' && !strings.ContainsFunc(word, func(c rune) bool {
		return c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
}

func isDigits(word string) bool {
	return word != "" && len(word) < 10 && strings.Trim(word, "0123456789") == ""
}

// alias is the method for which another name stands.
func alias(method string) string {
	switch method {
	case "_conversation", "_converse", "_talk":
		return "_message"
	}
	return method
}

func quote(word string) string { return strconv.Quote(word[:min(len(word), 64)]) }

// ParseDatagram reads the packets of a datagram. What is malformed in it does not
// keep the others back. The errors are *ircbus.Refusals.
func ParseDatagram(text []byte) (packets []*Packet, errs []error) {
	refused := func(err error) { errs = append(errs, ircbus.Refuse(ircbus.InvalidEvent, "%v", err)) }
	text = bytes.TrimLeft(text, "\r\n")
	lines := bytes.TrimRight(text, "\r\n\x00")
	if len(lines) == 0 {
		refused(refuse("", "the datagram is empty"))
		return nil, errs
	}
	end := byte('.')
	if c := lines[len(lines)-1]; lines[0] == '|' || lines[0] != '.' && c == '|' {
		end = '|'
	}
	if lines[0] == end { // the line that begins a circuit
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	for len(bytes.TrimSpace(text)) > 0 {
		packet, rest, whole := cutPacket(text, end)
		if !whole && len(rest) == 0 && end == '|' && len(packet) == 0 {
			break
		}
		p, err := parse(string(packet), end == '.', nil)
		switch {
		case err != nil:
			refused(err)
		case !whole:
			refused(refuse("", "the last packet has no end: it was cut"))
		default:
			packets = append(packets, p)
		}
		text = rest
	}
	return packets, errs
}

// cutPacket cuts the first packet off, without its last line; whole is false if
// that does not come.
func cutPacket(text []byte, end byte) (packet, rest []byte, whole bool) {
	for at := 0; at < len(text); {
		line, _, more := bytes.Cut(text[at:], []byte("\n"))
		trimmed := bytes.TrimSuffix(line, []byte("\r"))
		next := min(at+len(line)+1, len(text))
		if len(trimmed) == 1 && trimmed[0] == end {
			return text[:at], text[next:], true
		}
		if n, err := strconv.Atoi(string(trimmed)); end == '|' && err == nil && isDigits(string(trimmed)) && isRouting(text[:at]) {
			content := min(next+n, len(text))
			if bytes.HasPrefix(text[content:], []byte("\n|")) {
				content++
			}
			if bytes.HasPrefix(text[content:], []byte("|")) {
				return text[:content:content], text[min(content+len("|\n"), len(text)):], true
			}
		}
		if at = next; !more {
			break
		}
	}
	return text, nil, false
}

// isRouting reports whether the lines are nothing but variables, so that a length
// may follow.
func isRouting(lines []byte) bool {
	for line := range bytes.Lines(lines) {
		if strings.IndexByte(":=+-?!@", line[0]) < 0 {
			return false
		}
	}
	return true
}
