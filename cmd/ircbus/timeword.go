package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// timeWord is the value of --from and --to, in the words of the HTTP API. Unlike
// other values it may begin with a hyphen: --from -1h.
type timeWord string

// Decode implements kong.MapperValue.
func (w *timeWord) Decode(ctx *kong.DecodeContext) error {
	token := ctx.Scan.Pop()
	if token.Type == kong.EOLToken {
		return errors.New("a time is missing")
	}
	text := fmt.Sprint(token.Value)
	if text == "" || strings.HasPrefix(text, "--") {
		return fmt.Errorf("%q is not a time: use -1h, -7d, now or 2026-11-20T10:00:00Z", text)
	}
	*w = timeWord(text)
	return nil
}
