package jsonhook

import (
	"fmt"
	"strconv"
	"strings"
)

// pointer is a JSON pointer (RFC 6901) in its parts.
type pointer []string

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

func parsePointer(text string) (pointer, error) {
	if !strings.HasPrefix(text, "/") {
		return nil, fmt.Errorf("%q is no JSON pointer: one begins with /", text)
	}
	parts := strings.Split(text[1:], "/")
	for i, part := range parts {
		parts[i] = unescape.Replace(part)
	}
	return parts, nil
}

// find returns what the pointer points to; false if it is not there.
func (p pointer) find(value any) (any, bool) {
	for _, part := range p {
		switch v := value.(type) {
		case map[string]any:
			inner, ok := v[part]
			if !ok {
				return nil, false
			}
			value = inner
		case []any:
			i, err := strconv.ParseUint(part, 10, 31)
			if err != nil || i >= uint64(len(v)) {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}
