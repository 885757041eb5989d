package mediawiki

import (
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// TestCaseC3: a member of another type than MediaWiki's refuses nothing; what does
// not fit is kept, or counted.
func TestCaseC3(t *testing.T) {
	for packet, want := range map[string]string{
		`{"type":"edit","wiki":"w","title":["A","B"],"user":{"name":"Ann"},"length":5}`:                   "wiki=w&page=A&action=SAVE&title=B&user.name=Ann&length=5",
		`{"type":"edit","wiki":"w","title":7,"minor":"yes","timestamp":"noon","namespace":[]}`:            "wiki=w&page=7&action=SAVE&minor=yes&timestamp=noon",
		`{"type":"new","wiki":"w","x":` + strings.Repeat("[", 40) + `"y"` + strings.Repeat("]", 40) + `}`: "wiki=w&action=SAVENEW&omitted=1",
		`{"type":"log","wiki":"w","log_params":[{"a":null,"b":1},{"a":2}]}`:                               "wiki=w&action=/&log_action_comment=&log_params.a=&log_params.a=2&log_params.b=1&log_params.b=",
	} {
		c, err := Parse([]byte(packet))
		if err != nil || c.Fields.Encode() != want {
			t.Errorf("%.80s: %v\n got %s\nwant %s", packet, err, c.Fields.Encode(), want)
		}
	}
	answer, err := ParseAnswer([]byte(`{"continue":{"rccontinue":7,"continue":null},"query":{"general":{"wikiid":"w","server":5},"recentchanges":[{"type":"edit","rcid":"7","title":{"a":1},"tags":"x"},7,{"type":5,"rcid":8}]}}`), Site{})
	if err != nil || len(answer.Changes) != 2 || len(answer.Refused) != 1 || answer.Changes[0].Fields.Get("rcid") != "7" || answer.More != "continue=&rccontinue=7" {
		t.Errorf("%+v, %v", answer, err)
	}
}

// TestCaseC7: a change that is too large keeps what it is about.
func TestCaseC7(t *testing.T) {
	c, err := Parse([]byte(`{"type":"log","wiki":"w","title":"A","log_type":"block","log_action":"block","log_id":5,"comment":"` + strings.Repeat("x", 20_000) +
		`","log_params":{"list":[` + strings.Repeat(`"y",`, 100) + `"z"],"duration":"1 day"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ircbus.Accept(c.Fields, 0); err != nil || c.Fields.Get("page") != "A" || c.Fields.Get("log_params.duration") != "1 day" || c.Fields.Get("omitted") == "" || c.Fields.Get("cut") != "comment" {
		t.Errorf("%v: %.300s", err, c.Fields.Encode())
	}
}
