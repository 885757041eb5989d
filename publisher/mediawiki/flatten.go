package mediawiki

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
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

func parseJSON(packet []byte) (ircbus.Fields, error) {
	d := json.NewDecoder(bytes.NewReader(packet))
	d.UseNumber()
	var raw ircbus.Fields
	err := flattenJSON(d, "", 0, &raw)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			return raw, nil
		}
		return nil, malformed("something follows the JSON object")
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, malformed("the JSON ends in the middle, at byte %d; MediaWiki cuts packets at 65507 bytes", len(packet))
	}
	return nil, malformed("broken JSON near byte %d: %v", d.InputOffset(), err)
}

// flattenJSON reads the next value of d.
func flattenJSON(d *json.Decoder, key string, depth int, raw *ircbus.Fields) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case string:
		add(raw, key, v)
	case json.Number:
		add(raw, key, v.String())
	case bool:
		addBool(raw, key, v)
	case json.Delim:
		if depth == maxDepth {
			return malformed("it is nested more than %d deep", maxDepth)
		}
		for d.More() {
			inner := key
			if v == '{' {
				name, err := d.Token()
				if err != nil {
					return err
				}
				inner = dotted(key, name.(string)) // the decoder allows nothing else here
			}
			if err := flattenJSON(d, inner, depth+1, raw); err != nil {
				return err
			}
		}
		_, err = d.Token() // the closing one
	}
	return err
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
