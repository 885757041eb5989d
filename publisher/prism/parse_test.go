package prism

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

func TestParseJSON(t *testing.T) {
	for text, want := range map[string]*Message{
		`{"users":["jantman"],"channels":["#jantman"],"message":"testing from JSON"}`: {
			Text: "testing from JSON", Users: []string{"jantman"}, Channels: []string{"#jantman"}},
		`{"message":"to the defaults"}`:            {Text: "to the defaults"},
		`{"message":"to nobody else","users":[]}`:  {Text: "to nobody else", Users: []string{}},
		`{"message":"one name","users":"jantman"}`: {Text: "one name", Users: []string{"jantman"}},
		`{"message":"a list","channels":"#a, #b"}`: {Text: "a list", Channels: []string{"#a", "#b"}},
		`{"message":42,"users":null,"name":"nagios","secret":"s","key":"k7","host":{"name":"db1"},"up":false,"tag":["x","y"]}`: {
			Text: "42", Name: "nagios", Secret: "s", Key: "k7", Rest: ircbus.Fields{{Key: "host.name", Value: "db1"}, {Key: "tag", Value: "x"}, {Key: "tag", Value: "y"}}},
	} {
		got, err := ParseJSON([]byte(text))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
	for _, text := range []string{"", "{", "[]", `"text"`, `{"users":["a"]}`, `{"message":""}`, `{"message":null}`, `{"message":"x"} y`} {
		if _, err := ParseJSON([]byte(text)); !isRefusal(err) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func isRefusal(err error) bool {
	_, ok := errors.AsType[*ircbus.Refusal](err)
	return ok
}

func TestParseValues(t *testing.T) {
	for text, want := range map[string]*Message{
		"message=foobarbaz&users=jantman&channels=%23jantmantwo": {
			Text: "foobarbaz", Users: []string{"jantman"}, Channels: []string{"#jantmantwo"}},
		"message=a+b&users=a&users=b":          {Text: "a b", Users: []string{"a", "b"}},
		"message=m&users=a,b&channels=":        {Text: "m", Users: []string{"a", "b"}, Channels: []string{}},
		"message=first&message=second&z=1&y=2": {Text: "first", Rest: ircbus.Fields{{Key: "y", Value: "2"}, {Key: "z", Value: "1"}}},
	} {
		got, err := ParseValues(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
	for _, text := range []string{"", "users=a", "message=%zz", "message="} {
		if _, err := ParseValues(text); !isRefusal(err) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseLine(t *testing.T) {
	for text, want := range map[string]*Message{
		"disk full\r\n":                     {Text: "disk full"},
		" {not json} \n":                    {Text: "{not json}"},
		`{"other":"object"}`:                {Text: `{"other":"object"}`},
		`{"message":"m","channels":["#a"]}`: {Text: "m", Channels: []string{"#a"}},
		" \r\n":                             nil,
	} {
		got, err := ParseLine([]byte(text))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
	if _, err := ParseLine([]byte(`{"message":""}`)); !isRefusal(err) {
		t.Errorf("no text: %v", err)
	}
}

// FuzzParse: whatever comes, what is made of it is a message with a text, and an
// event of it that the bus takes.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`{"users":["jantman"],"channels":["#jantman"],"message":"testing from JSON"}`, "message=foobarbaz&users=jantman&channels=%23jantmantwo",
		"disk full\n", `{"message":{"a":"b"},"users":{"a":"b"}}`, `{"message":[1],"channels":[[["x"]]]}`, "message=%ff&%00=1", "\xff\xfe", `{"message":"\u0000"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fromJSON, _ := ParseJSON(text)
		fromValues, _ := ParseValues(string(text))
		fromLine, _ := ParseLine(text)
		for i, m := range []*Message{fromJSON, fromValues, fromLine} {
			if m == nil || m.Text == "" {
				continue
			}
			e := m.event()
			if _, err := ircbus.Accept(e.Fit(0), 0); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
	})
}
