package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ircbus/ircbus"
)

// maxInputLine limits, in bytes, a line of input: JSON may escape every byte of
// the largest event sixfold.
const maxInputLine = 1 << 20

// readInputs reads events until the end of r or of ctx. Its goroutine cannot be
// waited for: a read of standard input ends with the process at the latest.
func readInputs(ctx context.Context, r io.Reader) <-chan input {
	lines := make(chan input, 256)
	go func() {
		defer close(lines)
		for in := range parseInputs(r) {
			select {
			case lines <- in:
			case <-ctx.Done():
				return
			}
		}
	}()
	in := make(chan input, maxPostEvents) // what comes together goes into one batch
	go func() {                           // ends with ctx even while the read above does not
		defer close(in)
		for {
			select {
			case <-ctx.Done():
				return
			case line, more := <-lines:
				if !more {
					return
				}
				select {
				case in <- line:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return in
}

// parseInputs yields an input per line that is not empty. A line that is too
// long or malformed is one with an error; so is the end of a reader that broke.
func parseInputs(r io.Reader) func(yield func(input) bool) {
	return func(yield func(input) bool) {
		lines := bufio.NewReaderSize(r, 64<<10)
		for number := 1; ; number++ {
			line, err := readInputLine(lines)
			in := input{line: number}
			switch {
			case errors.Is(err, errLineTooLong):
				in.err, err = err, nil
			case err != nil && !errors.Is(err, io.EOF):
				in.err = fmt.Errorf("the input cannot be read: %w", err)
			default:
				line = bytes.TrimRight(line, "\r\n")
				if len(bytes.TrimSpace(line)) > 0 {
					in.fields, in.err = parseInput(line)
				}
			}
			if (in.fields != nil || in.err != nil) && !yield(in) || err != nil {
				return
			}
		}
	}
}

var errLineTooLong = fmt.Errorf("the line has more than %d bytes", maxInputLine)

// readInputLine returns the next line with its end; io.EOF may come with one. It
// skips the rest of a line that is too long.
func readInputLine(r *bufio.Reader) (line []byte, err error) {
	tooLong := false
	for {
		piece, err := r.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(piece) > maxInputLine; !tooLong {
			line = append(line, piece...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if tooLong && (err == nil || errors.Is(err, io.EOF)) {
			return nil, errLineTooLong
		}
		return line, err
	}
}

// parseInput tells JSON from a query string by the first byte that is not blank.
func parseInput(line []byte) (ircbus.Fields, error) {
	line = bytes.TrimSpace(line)
	var f ircbus.Fields
	var err error
	if line[0] == '{' {
		f, err = ircbus.ParseJSON(line)
	} else {
		f, err = ircbus.Parse(string(line))
	}
	if err != nil {
		return nil, err
	}
	if len(f) == 0 {
		return nil, errors.New("the event has no fields")
	}
	return f, nil
}
