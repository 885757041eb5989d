package mail

import (
	"io"
	"strings"

	"github.com/emersion/go-message"

	"github.com/ircbus/ircbus/publisher/mapping"
)

// maxParts and maxDepth limit how far a mail is searched for its text.
const (
	maxParts = 20
	maxDepth = 5
)

// firstText returns at most limit bytes of the first part that is plain text; ""
// if there is none.
func firstText(entity *message.Entity, limit int) string {
	parts := maxParts
	return searchText(entity, limit, maxDepth, &parts)
}

func searchText(entity *message.Entity, limit, depth int, parts *int) string {
	if *parts--; *parts < 0 || depth < 0 {
		return ""
	}
	if children := entity.MultipartReader(); children != nil {
		for {
			child, _ := children.NextPart()
			if child == nil {
				return ""
			}
			if text := searchText(child, limit, depth-1, parts); text != "" || *parts < 0 {
				return text
			}
		}
	}
	kind, _, _ := entity.Header.ContentType()
	disposition, _, _ := entity.Header.ContentDisposition()
	if kind != "" && kind != "text/plain" || disposition == "attachment" {
		return ""
	}
	// What cannot be decoded any further is not worth more than what came before.
	// Twice the limit is read, since the CRs of line ends do not count.
	read, _ := io.ReadAll(io.LimitReader(entity.Body, 2*int64(limit)+1))
	return strings.TrimSpace(mapping.Clip(strings.ReplaceAll(string(read), "\r\n", "\n"), limit))
}
