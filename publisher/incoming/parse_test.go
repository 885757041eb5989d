package incoming

import (
	"net/url"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// documented are bodies as the documentation of Slack, Mattermost and Discord has
// them, and as tools send them.
var documented = []struct {
	body, want string
	discord    bool
}{
	{`{"text":"Hello, world."}`, "comment=Hello, world.&text=Hello, world.", false},
	{"payload=" + url.QueryEscape(`{"text":"a & b","username":"שרה","channel":"#ops","icon_emoji":":ghost:"}`), "user=שרה&comment=a & b&text=שרה: a & b&channel_=#ops&icon_emoji=:ghost:", false},
	{`{"text":"<!channel> see <https://example.org/a?b=1&amp;c=2|the page> and <https://example.org/> &lt;b&gt; <@U024BE7LH> <#C1|general> 1 < 2 > 1"}`,
		"comment=@channel see the page (https://example.org/a?b=1&c=2) and https://example.org/ <b> @U024BE7LH general 1 < 2 > 1&text=@channel see the page (https://example.org/a?b=1&c=2) and https://example.org/ <b> @U024BE7LH general 1 < 2 > 1", false},
	{`{"username":"Grafana","attachments":[{"fallback":"not this","color":"#D63232","pretext":"pre","title":"[Alerting] Disk","title_link":"https://grafana.example/d/1","text":"95 %","fields":[{"title":"host","value":"wiki1","short":true},{"title":"n","value":7}],"footer":"Grafana","ts":1700000000}]}`,
		"user=Grafana&comment=pre\n[Alerting] Disk\n95 %\nhost: wiki1\nn: 7&url=https://grafana.example/d/1&text=Grafana: pre [Alerting] Disk 95 % host: wiki1 n: 7 https://grafana.example/d/1&attachments.color=#D63232&attachments.footer=Grafana&attachments.ts=1700000000", false},
	{`{"attachments":[{"fallback":"only this"}]}`, "comment=only this&text=only this", false},
	{`{"blocks":[{"type":"header","text":{"type":"plain_text","text":"Head"}},{"type":"section","text":{"type":"mrkdwn","text":"*bold* &amp; more"},"fields":[{"type":"mrkdwn","text":"f1"}]},{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"rich"}]}]}]}`,
		"comment=Head\n*bold* & more f1\nrich&text=Head *bold* & more f1 rich&blocks.type=header&blocks.type=section&blocks.type=rich_text&blocks.text.type=plain_text&blocks.text.type=mrkdwn&blocks.text.type=&blocks.fields.type=mrkdwn&blocks.elements.type=rich_text_section&blocks.elements.elements.type=text", false},
	{`{"text":"| a |\n|---|","props":{"card":"more"},"priority":{"priority":"urgent"}}`, "comment=| a |\n|---|&text=| a | |---|&props.card=more&priority.priority=urgent", false},
	{`{"content":"Hello","username":"Hook","avatar_url":"https://a.example/a.png","embeds":[{"title":"T","description":"D","url":"https://e.example/","color":7,"fields":[{"name":"n","value":"v","inline":true}]}]}`,
		"user=Hook&comment=Hello\nT\nD\nn: v&url=https://e.example/&text=Hook: Hello T D n: v https://e.example/&avatar_url=https://a.example/a.png&embeds.color=7", true},
}

func TestDocumented(t *testing.T) {
	for _, test := range documented {
		fields, discord, err := Parse([]byte(test.body), 0)
		if err != nil || discord != test.discord {
			t.Errorf("%s: %v, discord %v", test.body, err, discord)
			continue
		}
		var got []string
		for _, field := range fields {
			got = append(got, field.Key+"="+field.Value)
		}
		if got := strings.Join(got, "&"); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.body, got, test.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, body := range []string{"", "text", "payload=", "payload=x", "%zz", "[]", "{}", `{"text":""}`, `{"text":" "}`, `{"attachments":[{}]}`, `{"text":"x"`} {
		if fields, _, err := Parse([]byte(body), 0); err == nil {
			t.Errorf("%s: %v", body, fields)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, d := range documented {
		f.Add([]byte(d.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fields, _, err := Parse(body, 0)
		if err != nil {
			if _, ok := err.(*ircbus.Refusal); !ok {
				t.Errorf("%T", err)
			}
			return
		}
		if _, err := ircbus.Accept(fields, 0); err != nil {
			t.Errorf("%q: %v", body, err)
		}
	})
}

// TestCaseC16: what a chat server would show of every form is in the comment.
func TestCaseC16(t *testing.T) {
	for _, test := range []struct{ body, comment, url string }{
		{`{"attachments":[{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"hi"}}]}]}`, "hi", ""},
		// Uptime Kuma
		{`{"text":"Uptime Kuma Alert","username":"Kuma","attachments":[{"color":"#e01e5a","blocks":[{"type":"header","text":{"type":"plain_text","text":"Uptime Kuma Alert"}},` +
			`{"type":"section","fields":[{"type":"mrkdwn","text":"*Message*\n[web] [Down] timeout"},{"type":"mrkdwn","text":"*Time (UTC)*\n2026-01-02"}]},` +
			`{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Visit Uptime Kuma"},"value":"Uptime-Kuma","url":"https://kuma.example/1"}]}]}]}`,
			"Uptime Kuma Alert\n*Message*\n[web] [Down] timeout *Time (UTC)*\n2026-01-02\nVisit Uptime Kuma", "https://kuma.example/1"},
		{`{"text":"short","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"short"}},{"type":"markdown","text":"# long"},{"type":"divider"}]}`, "short\n# long", ""},
		{`{"blocks":[{"type":"context","elements":[{"type":"image","image_url":"https://i","alt_text":"cat"},{"type":"mrkdwn","text":"by <https://x|Ann>"}]},` +
			`{"type":"image","title":{"type":"plain_text","text":"A plot"},"alt_text":"plot"},{"type":"video","title":{"type":"plain_text","text":"V"},"title_url":"https://v","description":{"type":"plain_text","text":"d"}}]}`,
			"cat by Ann (https://x)\nA plot\nV d", "https://v"},
		{`{"blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"see "},{"type":"link","url":"https://l","text":"it"},{"type":"text","text":", "},` +
			`{"type":"user","user_id":"U1"},{"type":"emoji","name":"tada"},{"type":"broadcast","range":"here"}]},{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"one"}]}]}]}]}`,
			"see it (https://l), @U1:tada:@here one", "https://l"},
		{`{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"a"},"accessory":{"type":"button","text":{"type":"plain_text","text":"Open"},"url":"https://o"}},{"type":"input","label":{"type":"plain_text","text":"L"},"element":{"type":"plain_text_input"}}]}`,
			"a Open\nL", "https://o"},
		// Discord, and Mattermost
		{`{"embeds":[{"author":{"name":"Bot"},"title":"T","url":"https://u","fields":[{"name":"n","value":"v"}],"footer":{"text":"f"}}]}`, "Bot\nT\nn: v", "https://u"},
		{`{"components":[{"type":17,"components":[{"type":10,"content":"v2"},{"type":1,"components":[{"type":2,"label":"Go","url":"https://g"}]}]}]}`, "v2 Go", "https://g"},
		{`{"username":"m","attachments":[{"author_name":"A","title":"T","title_link":"https://t","fields":[{"title":"n","value":1}]}]}`, "A\nT\nn: 1", "https://t"},
	} {
		fields, _, err := Parse([]byte(test.body), 0)
		if err != nil || fields.Get("comment") != test.comment || fields.Get("url") != test.url {
			t.Errorf("%s: %v\n got %q %s\nwant %q %s", test.body, err, fields.Get("comment"), fields.Get("url"), test.comment, test.url)
		}
	}
}

// TestCaseC16Lenient: whatever says anything is an event, and what is called a text in
// any place is its comment.
func TestCaseC16Lenient(t *testing.T) {
	for _, test := range []struct{ body, comment string }{
		{`{"text":["a","b"]}`, "a\nb"},
		{`{"embeds":{"title":"E1"}}`, "E1"},
		{`{"text":{"content":"x"}}`, "x"},
		{`{"attachments":{"fallback":"f"}}`, "f"},
		{`{"poll":{"question":{"text":"Q?"},"answers":[{"poll_media":{"text":"A1"}},{"poll_media":{"text":"A2"}}]}}`, "Q?\nA1\nA2"},
		{`{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":{"body":[{"type":"TextBlock","text":"hi"}]}}]}`, "hi"},
		{`{"text":{"a":7}}`, ""},
		{`{"text":" ","username":"x"}`, ""},
	} {
		fields, _, err := Parse([]byte(test.body), 0)
		if err == nil {
			fields, err = ircbus.Accept(fields, 0)
		}
		if err != nil || fields.Get("comment") != test.comment {
			t.Errorf("%s: %v %v, want comment %q", test.body, err, fields, test.comment)
		}
	}
}
