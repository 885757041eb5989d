package moin

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/content"
)

// maxUserFile is how much of a user's file is read, in bytes.
const maxUserFile = 64 << 10

// userName is the name of a wiki's user, from the file that the wiki keeps of
// him; "" if there is none, or none that can be read. It is read each time: the
// name may have changed.
func userName(data, id string) string {
	if id == "" || strings.Trim(id, "0123456789.") != "" || id[0] == '.' {
		return "" // Moin makes no such ids; a path would be one
	}
	path := filepath.Join(data, "user", id)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close() // read only
	lines := bufio.NewScanner(content.WithoutBOM(io.LimitReader(file, maxUserFile)))
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "name="); ok {
			return ircbus.ToUTF8(strings.TrimSpace(name))
		}
	}
	return ""
}
