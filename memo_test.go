package ircbus

import (
	"strings"
	"testing"
)

func TestAcceptMemo(t *testing.T) {
	for text, want := range map[string]string{
		"hello": "hello", "a\r\n\r\n b\x00c \n": "a\n b\x00c ", "\xe9t\xe9": "été", " \n\n": "", "": "",
		strings.Repeat("x", MaxMemo+1): "", strings.Repeat("x\n", MaxMemoLines+1): "",
	} {
		m, err := AcceptMemo(Memo{Text: text})
		if want = strings.ReplaceAll(want, "\x00", ""); (err != nil) != (want == "") || want != "" && m.Text != want {
			t.Errorf("%.20q: %.20q, %v", text, m.Text, err)
		}
	}
}
