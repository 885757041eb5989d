package bus

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus/publisher/door"
)

// Addresses are where something listens: host:port with commas between them, ""
// for nowhere; port 0 takes a free one. In a configuration file they may also be
// an array of strings.
type Addresses string

// UnmarshalTOML reads a string or an array of strings.
func (a *Addresses) UnmarshalTOML(value any) error {
	var all []string
	switch value := value.(type) {
	case string:
		all = []string{value}
	case []any:
		for _, one := range value {
			text, ok := one.(string)
			if !ok {
				return fmt.Errorf("%v is not an address in quotes, as in \"127.0.0.1:6667\"", one)
			}
			all = append(all, text)
		}
	default:
		return fmt.Errorf("%v is neither an address in quotes nor an array of them", value)
	}
	*a = Addresses(strings.Join(all, ","))
	return nil
}

// List is each of them.
func (a Addresses) List() []string { return door.Addresses(string(a)) }

// check checks each of them.
func (a Addresses) check() error {
	for _, address := range a.List() {
		_, port, err := net.SplitHostPort(address)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return fmt.Errorf("%q must be host:port, as in 127.0.0.1:6667 or :6697", address)
		}
	}
	return nil
}
