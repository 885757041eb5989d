package xmlrpc

import (
	"strings"

	"github.com/ircbus/ircbus/publisher/mapping"
)

// Flat returns all values in a struct as a flat list, nested ones with dots, as
// doors have foreign JSON. What is nested too deeply has been refused.
func (v Value) Flat() mapping.Flat { return v.mapped().Flat() }

func (v Value) mapped() mapping.Value {
	switch v.Type {
	case "array":
		elements := make([]mapping.Value, len(v.Array))
		for i, element := range v.Array {
			elements[i] = element.mapped()
		}
		return mapping.List(elements)
	case "struct":
		names, members := make([]string, len(v.Struct)), make([]mapping.Value, len(v.Struct))
		for i, member := range v.Struct {
			names[i], members[i] = member.Name, member.Value.mapped()
		}
		return mapping.Object(names, members)
	}
	return mapping.Text(strings.TrimSpace(v.Text))
}
