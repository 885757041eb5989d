package ircd

import (
	"net/netip"
	"strings"

	"github.com/ircbus/ircbus"
)

// Folded names have their own types, so that a map cannot be asked with a name
// as somebody typed it.
type (
	lcNick string
	lcChan string
)

func foldNick(nick string) lcNick    { return lcNick(ircbus.Fold(nick)) }
func foldChan(channel string) lcChan { return lcChan(ircbus.Fold(channel)) }

// Limits of names and texts that people choose, in bytes.
const (
	maxNickLen   = ircbus.MaxNameLen
	maxUserLen   = 16
	maxTopicLen  = 300
	maxKickLen   = 300
	maxReasonLen = 300 // of PART, QUIT, KILL and KLINE
	maxKeyLen    = 32
	maxAwayLen   = 200
	maxRealLen   = 150
	maxMaskLen   = 120
)

// validNick reports whether people may choose this nick: ASCII letters, digits
// and []\`_^{|}-, not beginning with a digit or a hyphen.
func validNick(nick string) bool {
	if nick == "" || len(nick) > maxNickLen {
		return false
	}
	for i := range len(nick) {
		c := nick[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', strings.IndexByte("[]\\`_^{|}", c) >= 0:
		case i > 0 && ('0' <= c && c <= '9' || c == '-'):
		default:
			return false
		}
	}
	return true
}

// cleanUser makes a user name that can stand in a source out of what USER said.
// The leading ~ says, as on other servers, that nobody has checked it.
func cleanUser(name string) string {
	clean := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return -1
	}, name)
	if clean == "" {
		clean = "user"
	}
	return "~" + clean[:min(len(clean), maxUserLen)]
}

// isFiltered reports whether the name of a view has a filter.
func isFiltered(view string) bool { return strings.Contains(view, "?") }

// hostOf writes an address so that it can be a parameter: no leading colon.
func hostOf(addr netip.Addr) string {
	if !addr.IsValid() {
		return "unknown"
	}
	host := addr.Unmap().WithZone("").String()
	if strings.HasPrefix(host, ":") {
		host = "0" + host
	}
	return host
}

// matchMask compares a name with a mask of * and ?, without regard to case. Who has
// many names compiles the mask instead.
func matchMask(mask, name string) bool {
	glob := ircbus.NewGlob(mask)
	return glob.Match(name)
}
