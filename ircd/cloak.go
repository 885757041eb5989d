package ircd

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
)

// cloakDomain ends every cloaked host, which no real name can: ip is no top-level
// domain.
const cloakDomain = "ip"

// cloakPart is a label of a cloaked host: it stands for the network of so many
// bits, and has so many hexadecimal digits.
type cloakPart struct{ bits, digits int }

// The labels say less and less, as those of a host name do: a ban on *.f6a7b8c9.ip
// is one on the whole network. Of IPv6 a customer has a /64, so there is nothing
// below that.
var (
	cloak4 = []cloakPart{{32, 10}, {24, 8}, {16, 8}}
	cloak6 = []cloakPart{{64, 10}, {48, 8}}
)

// shownHost is the host that others see: cloaked, unless there is no key or the
// connection comes from this machine.
func (s *Server) shownHost(addr netip.Addr) string {
	if len(s.cfg.CloakKey) == 0 || !addr.IsValid() || addr.IsLoopback() {
		return hostOf(addr)
	}
	return cloak(s.cfg.CloakKey, addr)
}

// cloak hides an address behind keyed hashes of the networks that it is in, so
// that who is in the same network can be seen, and banned, but not where that is.
func cloak(key []byte, addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	parts := cloak6
	if addr.Is4() {
		parts = cloak4
	}
	var labels []string
	for _, part := range parts {
		network, _ := addr.Prefix(part.bits) // an address of the kind has so many
		hash := hmac.New(sha256.New, key)
		hash.Write(network.Addr().AsSlice())
		hash.Write([]byte(strconv.Itoa(part.bits)))
		labels = append(labels, hex.EncodeToString(hash.Sum(nil))[:part.digits])
	}
	return strings.Join(append(labels, cloakDomain), ".")
}
