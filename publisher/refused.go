package publisher

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// refuse sets an event aside in the file "refused", so that nothing is lost
// without a word and the others go on: a line "# time code: reason", then the
// event's line. The file may grow as large as the spool; after that, refused
// events are only logged.
func (s *spool) refuse(e *entry, why *ircbus.Refusal) {
	s.log.Error("an event from the spool was refused", "spool", s.dir, "key", e.fields.Get("key"),
		"channel", e.channel, "code", string(why.Code), "reason", why.Reason)
	reason := strings.Map(func(r rune) rune {
		if r < ' ' || r == 127 {
			return ' '
		}
		return r
	}, why.Reason)
	text := fmt.Sprintf("# %s %s: %s\n%s\n", ircbus.FormatTime(time.Now()), why.Code, reason, e.line)
	if err := s.keepRefused(text); err != nil {
		s.log.Error("the refused event could not be kept", "event", e.line, "err", err)
	}
}

func (s *spool) keepRefused(text string) error {
	path := filepath.Join(s.dir, "refused")
	if info, err := os.Stat(path); err == nil && info.Size()+int64(len(text)) > s.limit {
		return fmt.Errorf("%s has reached the spool's limit of %d bytes: look into it and remove it", path, s.limit)
	}
	return ircbus.AppendFile(path, []byte(text))
}
