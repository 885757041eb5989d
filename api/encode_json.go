package api

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/ircbus/ircbus"
)

// jsonEncoder writes one object with the events in an array.
type jsonEncoder struct{ some bool }

func (*jsonEncoder) begin(dst []byte, env *envelope) []byte {
	dst = append(dst, `{"epoch":`...)
	dst = appendJSONString(dst, env.Epoch)
	dst = append(dst, `,"head":`...)
	dst = strconv.AppendUint(dst, uint64(env.Head), 10)
	dst = append(dst, `,"oldest":`...)
	dst = strconv.AppendUint(dst, uint64(env.Oldest), 10)
	dst = append(dst, `,"next":`...)
	if env.Next == "" {
		dst = append(dst, "null"...)
	} else {
		dst = appendJSONString(dst, env.Next)
	}
	dst = append(dst, `,"gap":`...)
	dst = strconv.AppendBool(dst, env.Gap)
	return append(dst, `,"events":[`...)
}

func (j *jsonEncoder) event(dst []byte, e *ircbus.Event) []byte {
	if j.some {
		dst = append(dst, ',')
	}
	j.some = true
	return e.AppendJSON(append(dst, '\n'))
}

func (j *jsonEncoder) end(dst []byte) []byte {
	if j.some {
		dst = append(dst, '\n')
	}
	return append(dst, "]}\n"...)
}

// appendJSONString is for short strings outside the hot path.
func appendJSONString(dst []byte, s string) []byte {
	return append(dst, bytes.TrimSuffix(mustJSON(s), []byte("\n"))...)
}

// mustJSON writes a value of strings, numbers and the like, with & as it is: the
// addresses in it are meant to be copied.
func mustJSON(value any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil { // such values can always be written
		panic(err)
	}
	return b.Bytes()
}

// ndjsonEncoder writes an event object a line.
type ndjsonEncoder struct{}

func (ndjsonEncoder) begin(dst []byte, _ *envelope) []byte { return dst }

func (ndjsonEncoder) event(dst []byte, e *ircbus.Event) []byte {
	return append(e.AppendJSON(dst), '\n')
}

func (ndjsonEncoder) end(dst []byte) []byte { return dst }

// qsEncoder writes packed lines that are as long as they need to be.
type qsEncoder struct{}

func (qsEncoder) begin(dst []byte, _ *envelope) []byte { return dst }

func (qsEncoder) event(dst []byte, e *ircbus.Event) []byte {
	dst = append(dst, "id="...)
	dst = strconv.AppendUint(dst, uint64(e.ID), 10)
	dst = append(dst, '&')
	return append(e.Fields.Append(dst), '\n')
}

func (qsEncoder) end(dst []byte) []byte { return dst }
