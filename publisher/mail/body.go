package mail

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"
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
	read, _ := io.ReadAll(io.LimitReader(entity.Body, int64(limit)+1))
	text := strings.ReplaceAll(string(read), "\r\n", "\n")
	if len(read) > limit {
		end := max(0, limit-len("…"))
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end] + "…"
	}
	return strings.TrimSpace(text)
}
