package mqtt

import (
	"testing"

	"github.com/ircbus/ircbus"
)

func TestFields(t *testing.T) {
	for _, test := range []struct {
		m    Message
		want string
	}{
		{Message{Topic: "home/door", Payload: []byte("open")}, "page=home/door&comment=open&text=home/door:+open"},
		{Message{Topic: "t", Payload: []byte("21.5"), Retained: true}, "page=t&comment=21.5&text=t:+21.5&retained=1"},
		{Message{Topic: "t", Payload: []byte(`"a text"`)}, "page=t&comment=a+text&text=t:+a+text"},
		{Message{Topic: "t", Payload: []byte(`{"state":"ON","n":{"x":[1,2]},"page":"p"}`)}, "page=t&text=t:+ON&state=ON&n.x=1&n.x=2&page_=p"},
		{Message{Topic: "t", Payload: []byte(`{"x":1}`)}, `page=t&text=t:+{"x":1}&x=1`},
		{Message{Topic: "t", Payload: []byte("[1,2]")}, "page=t&comment=[1,2]&text=t:+[1,2]"},
		{Message{Topic: "t", Payload: []byte("\x00\x01\xff")}, "page=t&text=t&payload_base64=AAH/"},
		{Message{Topic: "t"}, "page=t&text=t"},
		{Message{Topic: "t", Payload: []byte("caf\xe9 \x80")}, "page=t&comment=café+€&text=t:+café+€"},
		{Message{Topic: "t", Payload: []byte("\xef\xbb\xbf{\"x\":1}")}, `page=t&text=t:+{"x":1}&x=1`},
	} {
		got, err := ircbus.Accept(test.m.Fields(0), 0)
		if err != nil || got.Encode() != test.want {
			t.Errorf("%s: %v\n got %s\nwant %s", test.m.Payload, err, got.Encode(), test.want)
		}
	}
}

func TestChecks(t *testing.T) {
	for filter, good := range map[string]bool{"a": true, "#": true, "a/#": true, "+/b/+": true, "": false, "a#": false, "#/a": false, "a/b+": false, "a\x00": false} {
		if err := CheckTopic(filter); (err == nil) != good {
			t.Errorf("%q: %v", filter, err)
		}
	}
	for address, good := range map[string]bool{"mqtt://h:1883": true, "mqtts://h": true, "wss://h/mqtt": true, "": false, "h:1883": false, "http://h": false, "mqtt://u:p@h": false} {
		if _, _, err := CheckBroker(address); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func FuzzFields(f *testing.F) {
	f.Add("home/door", []byte(`{"state":"ON","id":7}`))
	f.Add("t", []byte("\xff\xfea\x00"))
	f.Add("#", []byte("caf\xe9"))
	f.Fuzz(func(t *testing.T, topic string, payload []byte) {
		m := Message{Topic: topic, Payload: payload}
		fields, err := ircbus.Accept(m.Fields(0), 0)
		if err != nil && fields.Get("action") != ircbus.Redacted && topic != "" {
			t.Errorf("%q: %v", payload, err)
		}
	})
}
