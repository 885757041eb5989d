package psyc

import (
	"mime"
	"regexp"
	"strings"
)

// A variable in a template, as in "([_nick_alias]) [_origin]: [_subject]".
var inTemplate = regexp.MustCompile(`\[(_[A-Za-z0-9_]+)\]`)

// Render fills the template of the packet in: the one that templates has for its
// method or a family of it, or else its own data. A variable that is not there
// stays as it is written; what is filled in is not searched again.
func (p *Packet) Render(templates map[string]string) string {
	template := p.Data
	for method := p.Method; method != ""; method = family(method) {
		if own, ok := templates[method]; ok {
			template = own
			break
		}
	}
	text := inTemplate.ReplaceAllStringFunc(template, func(found string) string {
		name := found[1 : len(found)-1]
		switch {
		case name == "_data", name == "_data_psyctext":
			return p.Data
		case routing[name]:
			return found
		}
		for _, v := range p.Vars {
			if v.Name == name {
				return strings.Join(v.Values, ", ")
			}
		}
		if name == "_nick" {
			return "?"
		}
		return found
	})
	return strings.Join(strings.Fields(text), " ")
}

// family is the method that this one is a kind of: "_notice_update" of
// "_notice_update_wiki".
func family(method string) string {
	return method[:max(strings.LastIndexByte(method, '_'), 0)]
}

// isA reports whether the method belongs to a family.
func isA(method, of string) bool { return method == of || strings.HasPrefix(method, of+"_") }

// routing are variables that say where a packet goes; they are in no template.
var routing = map[string]bool{
	"_source": true, "_source_relay": true, "_source_identification": true, "_target": true, "_target_relay": true,
	"_target_forward": true, "_context": true, "_tag": true, "_tag_reply": true, "_tag_relay": true, "_count": true, "_counter": true,
	"_fragment": true, "_amount_fragments": true, "_length": true, "_using_modules": true, "_understand_modules": true,
}

// decodeWords decodes what mails have in their headers (RFC 2047).
func (p *Packet) decodeWords(names ...string) {
	var decoder mime.WordDecoder
	for _, name := range names {
		for i, v := range p.Vars {
			if v.Name != name {
				continue
			}
			if text, err := decoder.DecodeHeader(v.Values[0]); err == nil {
				p.Vars[i].Values = []string{text}
			}
		}
	}
}
