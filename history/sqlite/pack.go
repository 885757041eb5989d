package sqlite

// int ircbus_pack(void);
// #cgo darwin LDFLAGS: -Wl,-undefined,dynamic_lookup
import "C"

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ircbus/ircbus"
)

func init() {
	if code := C.ircbus_pack(); code != 0 { // only for want of memory
		panic(fmt.Sprintf("SQLite does not take the function pack: error %d", int(code)))
	}
}

// packSize is how many bytes of rows are read at once, if one row is not larger.
const packSize = 128 << 10

// rowHead is the size of a packed row without its body.
const rowHead = 5 * 8

// rows reads packed rows. It has room for one page of them, which it uses again
// for the next.
type rows struct {
	memory []byte
	rest   []byte // still to be read
	cut    bool   // there was no room for all
	lend   bool   // strings are parts of memory, and good until the next query
	text   string // a copy of memory, unless lend
	arena  ircbus.Arena
	events []ircbus.Event // room for a page

	channel, publisher lastName
}

// row is an event as it is stored.
type row struct {
	id, at, channel, publisher int64
	body                       string
}

var rowsPool = sync.Pool{New: func() any { return &rows{memory: make([]byte, packSize)} }}

// newRows takes rows from the pool; release gives them back. With lend nothing
// that was read may be used after that.
func newRows(lend bool) *rows {
	r := rowsPool.Get().(*rows)
	r.lend = lend
	return r
}

func (r *rows) release() {
	if !r.lend {
		r.arena, r.events = ircbus.Arena{}, nil // are in use
	}
	r.rest, r.text = nil, ""
	r.channel, r.publisher = lastName{}, lastName{}
	rowsPool.Put(r)
}

// query runs a statement "SELECT pack(?, ?, …" with the rest of its arguments.
// What it finds must be read before the next query.
func (r *rows) query(tx *sql.Tx, query string, args []any) error {
	for {
		var packed int64
		var pin runtime.Pinner
		pin.Pin(&r.memory[0])
		address := int64(uintptr(unsafe.Pointer(&r.memory[0])))
		err := tx.QueryRow(query, append([]any{address, int64(len(r.memory))}, args...)...).Scan(&packed)
		pin.Unpin()
		if err != nil {
			return err
		}
		r.rest, r.cut = r.memory[:packed/2], packed%2 == 1
		if len(r.rest) > 0 || !r.cut {
			break
		}
		r.memory = make([]byte, 4*len(r.memory)) // for one large event
	}
	switch {
	case r.lend:
		r.arena.Reset()
		r.text = unsafe.String(unsafe.SliceData(r.rest), len(r.rest))
	default:
		r.arena, r.events = ircbus.Arena{}, nil
		r.text = string(r.rest)
	}
	return nil
}

// next reads a row; ok is false at the end.
func (r *rows) next() (next row, ok bool, err error) {
	if len(r.rest) == 0 {
		return next, false, nil
	}
	if len(r.rest) < rowHead {
		return next, false, errors.New("rows end in the middle")
	}
	number := func(i int) int64 { return int64(binary.NativeEndian.Uint64(r.rest[8*i:])) }
	next = row{id: number(0), at: number(1), channel: number(2), publisher: number(3)}
	size := number(4)
	if size < 0 || size > int64(len(r.rest)-rowHead) {
		return next, false, errors.New("rows end in the middle")
	}
	end := rowHead + int(size)
	next.body, r.text, r.rest = r.text[rowHead:end], r.text[end:], r.rest[end:]
	return next, true, nil
}
