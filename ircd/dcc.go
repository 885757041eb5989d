package ircd

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// ctcp is what a CTCP message begins and ends with
// (modern.ircdocs.horse/ctcp).
const ctcp = "\x01"

// dccRequest is a CTCP DCC message about a file
// (modern.ircdocs.horse/dcc). A size or position has 64 bits.
type dccRequest struct {
	verb     string // SEND, RESUME or ACCEPT
	name     string
	host     string // SEND alone
	port     uint16
	position uint64 // SEND: the size
	token    string // of a passive transfer, "" if it is not one
}

// String is the message, with its delimiters. Names with blanks are quoted.
func (d dccRequest) String() string {
	name := d.name
	if strings.ContainsAny(name, " \t") {
		name = `"` + name + `"`
	}
	words := []string{"DCC", d.verb, name}
	if d.verb == "SEND" {
		words = append(words, d.host)
	}
	words = append(words, strconv.Itoa(int(d.port)), strconv.FormatUint(d.position, 10))
	if d.token != "" {
		words = append(words, d.token)
	}
	return ctcp + strings.Join(words, " ") + ctcp
}

// parseDCC reads a message. It is false if the message is something else, or is
// malformed.
func parseDCC(text string) (d dccRequest, ok bool) {
	text, ok = strings.CutPrefix(text, ctcp)
	if !ok {
		return d, false
	}
	text = strings.TrimSuffix(text, ctcp)
	dcc, rest, _ := strings.Cut(text, " ")
	verb, rest, _ := strings.Cut(rest, " ")
	d.verb = strings.ToUpper(verb)
	if !strings.EqualFold(dcc, "DCC") || d.verb != "SEND" && d.verb != "RESUME" && d.verb != "ACCEPT" {
		return d, false
	}
	if quoted, isQuoted := strings.CutPrefix(rest, `"`); isQuoted {
		d.name, rest, ok = strings.Cut(quoted, `"`)
	} else {
		d.name, rest, ok = strings.Cut(rest, " ")
	}
	words := strings.Fields(rest)
	if !ok || d.name == "" || strings.Contains(d.name, ctcp) {
		return d, false
	}
	if d.verb == "SEND" && len(words) > 0 {
		d.host, words = words[0], words[1:]
	}
	if len(words) != 2 && len(words) != 3 {
		return d, false
	}
	port, err := strconv.ParseUint(words[0], 10, 16)
	if err != nil {
		return d, false
	}
	d.port = uint16(port)
	if d.position, err = strconv.ParseUint(words[1], 10, 64); err != nil {
		return d, false
	}
	if len(words) == 3 {
		d.token = words[2]
	}
	return d, true
}

// dccHost writes an address as DCC wants it: IPv4 as one number.
func dccHost(addr netip.Addr) string {
	if addr = addr.Unmap().WithZone(""); addr.Is4() {
		four := addr.As4()
		return fmt.Sprint(binary.BigEndian.Uint32(four[:]))
	}
	return addr.String()
}
