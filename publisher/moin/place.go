package moin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// place is how far a log has been read. It is kept as JSON.
type place struct {
	Log    string `json:"log"`    // path
	Offset int64  `json:"offset"` // bytes
	Mark   string `json:"mark"`   // hash of the bytes before Offset, by which the file is known again

	// Since is the time, in microseconds, of the newest line that was there when
	// the log was first seen. Later says that the file is not the one that was
	// there then: lines up to Since in it are copies.
	Since int64 `json:"since"`
	Later bool  `json:"later"`
}

// markLen is how many bytes a mark covers: two lines or more.
const markLen = 256

// markAt is the mark of a file at an offset.
func markAt(file *os.File, offset int64) (string, error) {
	before := make([]byte, min(offset, markLen))
	if _, err := file.ReadAt(before, offset-int64(len(before))); err != nil {
		return "", err
	}
	sum := sha256.Sum256(before)
	return hex.EncodeToString(sum[:12]), nil
}

// isIn reports whether the place is one in the file.
func (p *place) isIn(file *os.File) bool {
	mark, err := markAt(file, p.Offset)
	return err == nil && (p.Offset == 0 || mark == p.Mark)
}

// firstPlace is the place behind the last line of a log that was not seen before.
func firstPlace(file *os.File) (place, error) {
	info, err := file.Stat()
	if err != nil {
		return place{}, err
	}
	p := place{Log: file.Name(), Offset: info.Size()}
	last := make([]byte, min(info.Size(), chunk))
	if _, err := file.ReadAt(last, info.Size()-int64(len(last))); err != nil {
		return place{}, err
	}
	if end := bytes.LastIndexByte(last, '\n') + 1; end > 0 {
		p.Offset -= int64(len(last) - end)
		last = last[:end]
	}
	for line := range bytes.Lines(last) {
		if parsed, err := ParseLine(string(line)); err == nil {
			p.Since = max(p.Since, parsed.Time.UnixMicro())
		}
	}
	p.Mark, err = markAt(file, p.Offset)
	return p, err
}

// named is a file and when it was last written to.
type named struct {
	path string
	at   time.Time
}

// rotated are the logs that lie beside one, as logrotate leaves them, the one
// last written to at the end. Compressed ones are left out.
func rotated(log string) (found []named) {
	paths, _ := filepath.Glob(filepath.Join(escapeGlob(filepath.Dir(log)), filepath.Base(log)+"?*")) // the pattern is good
	for _, path := range paths {
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() && !slices.Contains([]string{".gz", ".bz2", ".xz", ".zst"}, filepath.Ext(path)) {
			found = append(found, named{path, info.ModTime()})
		}
	}
	slices.SortFunc(found, func(a, b named) int { return a.at.Compare(b.at) })
	return found
}

var globs = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`)

func escapeGlob(path string) string { return globs.Replace(path) }
