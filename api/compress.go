package api

import (
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// minCompress is how many bytes an answer must have to be worth compressing.
const minCompress = 1 << 10

// compressSize is about how many bytes a compressor keeps.
const compressSize = 1 << 20

// compressor is what gzip and zstd writers have in common.
type compressor interface {
	io.WriteCloser
	Reset(io.Writer)
}

// The compressors' buffers are large, so they are used again.
var compressors = map[string]*sync.Pool{
	"zstd": {New: func() any {
		// A window of 512 kB: a reader need not have more memory than that.
		z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
			zstd.WithWindowSize(512<<10), zstd.WithLowerEncoderMem(true))
		if err != nil { // only for wrong options
			panic(err)
		}
		return z
	}},
	"gzip": {New: func() any {
		z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic(err)
		}
		return z
	}},
}

// contentCoding chooses the compression that an Accept-Encoding header allows
// (RFC 9110, section 12.5.3): "zstd", "gzip" or "" for none.
func contentCoding(acceptEncoding string) string {
	best, bestQ := "", 0.0
	for _, coding := range []string{"zstd", "gzip"} {
		q, named := 0.0, false
		for element := range strings.SplitSeq(acceptEncoding, ",") {
			name, parameters, _ := strings.Cut(element, ";")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case coding:
				q, named = weight(parameters), true
			case "*":
				if !named {
					q = weight(parameters)
				}
			}
		}
		if q > bestQ {
			best, bestQ = coding, q
		}
	}
	return best
}

// body writes an answer's body, compressed or not. Its header must be set, but
// not written, when it is made.
type body struct {
	io.Writer
	z    compressor // nil if not compressed
	pool *sync.Pool
}

// newBody starts an answer of at least size bytes; it sets Content-Encoding.
func (h *Handler) newBody(w http.ResponseWriter, r *http.Request, size int) *body {
	to := &timedWriter{w: w, rc: http.NewResponseController(w), patience: h.patience}
	coding := contentCoding(r.Header.Get("Accept-Encoding"))
	if size < minCompress || coding == "" {
		return &body{Writer: to}
	}
	w.Header().Set("Content-Encoding", coding)
	pool := compressors[coding]
	z := pool.Get().(compressor)
	z.Reset(to)
	return &body{Writer: z, z: z, pool: pool}
}

// Close ends the compression. After an error, or without Close, the compressor
// is left to the garbage collector.
func (b *body) Close() error {
	if b.z == nil {
		return nil
	}
	if err := b.z.Close(); err != nil {
		return err
	}
	b.z.Reset(nil)
	b.pool.Put(b.z)
	return nil
}
