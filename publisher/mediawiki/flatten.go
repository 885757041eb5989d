package mediawiki

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// JSON and XML are read into the same flat list of fields under the names of the
// source, nested ones with dots ("length.new"): empty values and nulls are left
// out, true is "1", and false is "0" only where that says something.

// maxDepth bounds the recursion, maxRaw the number of values taken.
const (
	maxDepth = 16
	maxRaw   = 4096
)

// falseMatters are the flags whose absence has a third meaning.
var falseMatters = []string{"patrolled"}

func addBool(raw *ircbus.Fields, key string, value bool) {
	if value {
		add(raw, key, "1")
	} else if slices.Contains(falseMatters, key) {
		add(raw, key, "0")
	}
}

func add(raw *ircbus.Fields, key, value string) {
	if value != "" && len(*raw) < maxRaw {
		*raw = append(*raw, ircbus.Field{Key: key, Value: value})
	}
}

// maxPacket is how many bytes of a change MediaWiki sends at most.
const maxPacket = 65507

func parseJSON(packet []byte) (mapping.Flat, error) {
	change, err := mapping.ReadObject(packet)
	if err != nil {
		if len(packet) >= maxPacket {
			err = malformed("%v; MediaWiki cuts packets at %d bytes", err, maxPacket)
		}
		return mapping.Flat{}, err
	}
	return flattenJSON(change), nil
}

func flattenJSON(change mapping.Value) mapping.Flat {
	raw := change.Flat()
	for _, name := range falseMatters {
		if change.At(name).IsFalse() {
			addBool(&raw.Fields, name, false)
		}
	}
	return raw
}

func dotted(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// emptyIsTrue are the names under which XML's empty attribute means true. (The
// XML format writes true as "" and leaves false out.)
var emptyIsTrue = []string{"minor", "bot", "patrolled", "log_params.sitewide", "log_params.cascade", "log_params.details.cascade"}

func parseXML(packet []byte) (ircbus.Fields, error) {
	d := xml.NewDecoder(bytes.NewReader(packet))
	token, err := d.Token()
	start, ok := token.(xml.StartElement)
	if err == nil && (!ok || start.Name.Local != "recentchange") {
		return nil, malformed("the XML is not a <recentchange>")
	}
	var raw ircbus.Fields
	if err == nil {
		err = flattenXML(d, start, "", 0, &raw)
	}
	if err != nil {
		return nil, malformed("broken XML near byte %d: %v", d.InputOffset(), err)
	}
	if rest := bytes.TrimSpace(packet[d.InputOffset():]); len(rest) > 0 {
		return nil, malformed("something follows the XML element")
	}
	return raw, nil
}

// flattenXML reads the rest of an element whose start has been read.
func flattenXML(d *xml.Decoder, start xml.StartElement, key string, depth int, raw *ircbus.Fields) error {
	if depth == maxDepth {
		return malformed("it is nested more than %d deep", maxDepth)
	}
	for _, attr := range start.Attr {
		name := dotted(key, attr.Name.Local)
		if attr.Value == "" && slices.Contains(emptyIsTrue, name) {
			addBool(raw, name, true)
		}
		add(raw, name, attr.Value)
	}
	var text strings.Builder
	hasChildren := false
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			hasChildren = true
			inner := key
			if t.Name.Local != "_v" { // an element of a list
				inner = dotted(key, t.Name.Local)
			}
			if err := flattenXML(d, t, inner, depth+1, raw); err != nil {
				return err
			}
		case xml.EndElement:
			if !hasChildren && key != "" {
				add(raw, key, text.String())
			}
			return nil
		}
	}
}
