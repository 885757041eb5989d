package mediawiki

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/ircbus/ircbus"
)

// PublisherName returns the account under which the changes of a wiki are
// published: what the wiki calls itself if that can be a name on the bus, as
// MediaWiki's own database names can. Else blanks and punctuation become "-", a
// first character that cannot be first gets "wiki-" in front, and a name that is
// too long or in another script is told apart by a hash at its end.
func PublisherName(wiki string) string {
	lossy := false
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-':
			return r
		case r < 0x80:
			return '-'
		}
		lossy = true
		return -1
	}, wiki)
	if name == "" || name[0] == '-' || '0' <= name[0] && name[0] <= '9' {
		name = "wiki-" + name
	}
	if lossy || len(name) > ircbus.MaxNameLen {
		sum := sha256.Sum256([]byte(wiki))
		name = strings.TrimRight(name[:min(len(name), ircbus.MaxNameLen-9)], "-") + "-" + hex.EncodeToString(sum[:4])
	}
	return name
}

// describe makes the wiki's description block of what a change tells.
func describe(c *Change) ircbus.Wiki {
	w := ircbus.Wiki{Publisher: PublisherName(c.Wiki), Name: c.Wiki, Interwiki: c.Wiki, Engine: "mediawiki"}
	if c.ServerURL == "" {
		return w
	}
	script := c.ServerURL + strings.TrimRight(c.ScriptPath, "/") + "/index.php"
	w.Base = script
	w.PageURL = script + "?title={page}"
	w.DiffURL = script + "?diff={rev}&oldid={oldrev}"
	w.HistoryURL = script + "?title={page}&action=history"
	w.RawURL = script + "?title={page}&action=raw"
	return w
}
