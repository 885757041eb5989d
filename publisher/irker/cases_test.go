package irker

import (
	"testing"

	"github.com/ircbus/ircbus"
)

// TestCaseC3: members of other types refuse nothing, and others are kept.
func TestCaseC3(t *testing.T) {
	for line, want := range map[string]string{
		`{"to":"irc://h/x","privmsg":["a","b"],"n":7,"more":{"x":"y"}}`: "text=a&to=irc://h/x&n=7&more.x=y",
		`{"to":["irc://h/x",7,null],"privmsg":5}`:                       "text=5&to=irc://h/x",
		`{"to":"irc://h/x","privmsg":"a","text":{"b":"c"}}`:             "text=a&to=irc://h/x&text.b=c",
	} {
		messages, err := Parse([]byte(line))
		if err != nil || len(messages) != 1 || len(messages[0].Lines) == 0 {
			t.Errorf("%s: %+v, %v", line, messages, err)
			continue
		}
		m := messages[0]
		if got := describe(m.Lines[0], m.To[0], m.Rest).Fit(0); got.Encode() != want {
			t.Errorf("%s:\n got %s\nwant %s", line, got.Encode(), want)
		} else if _, err := ircbus.Accept(got, 0); err != nil {
			t.Error(err)
		}
	}
}
