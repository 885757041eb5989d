package poll

import (
	"time"

	"github.com/ircbus/ircbus/publisher/mapping"
)

// parseDate reads the time of a change; without a zone it is UTC. No change is older
// than wikis are.
func parseDate(text string) (time.Time, bool) {
	at, ok := mapping.ParseTime(text)
	if ok = ok && at.Year() >= 1970 && at.Year() < 9999; !ok {
		return time.Time{}, false
	}
	return at, true
}
