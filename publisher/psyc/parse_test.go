package psyc

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

// The packets of the programs that send to psyced, as these write them.
const (
	mailPacket = ".\n:_target\txmpp:user@jabber.example.net\n\n:_origin\tMary Foo <spam@gotthroo.example.com>\n:_subject\tVulcans: VIAGRA for your ears!\n" +
		":_nick_alias\tbombMail\n_notice_received_email\n([_nick_alias]) [_origin]: [_subject]\n.\n"
	slidePacket = ".\n:_target xmpp:user@jabber.example.net\n:_origin Mary Foo <spam@gotthroo.example.com>\n:_subject Vulcans: VIAGRA for your ears!\n" +
		":_nick_alias bombMail\n_notice_received_email\n([_nick_alias]) [_origin]: [_subject]\n.\n"
	wikiPacket = ".\n:_target\tpsyc://localhost/@wikinotify\n\n:_nick_wiki\tlynx\n:_article\tRouting\n:_page\thttp://about.psyc.eu/Routing\n" +
		":_summary\tpacket ids\n_notice_update_wiki\n(Wiki:[_nick_wiki]) has made a major change in [_page]\nsaying: [_summary]\n.\n"
	newPacket    = "|\n:_source\tpsyc://foo.example.com/\n:_target\tpsyc://bar.example.com/\n\n:_foo\tbar\n_message_private\nOHAI\n|\n"
	lengthPacket = "|\n:_source\tpsyc://foo.example.com/\n:_target\tpsyc://bar.example.com/\n:_tag\tsch1828hu3r2cm\n86\n:_foo\tbar baz\n" +
		":_abc_def 11\tfoo bar\nbaz\n:_foo_bar\tyay\n_message_foo_bar\nohai there!\n\\o/\n|\n"
)

func one(t *testing.T, datagram string) *Packet {
	t.Helper()
	packets, errs := ParseDatagram([]byte(datagram))
	if len(packets) != 1 || len(errs) > 0 {
		t.Fatalf("%q: %d packets, %v", datagram, len(packets), errs)
	}
	return packets[0]
}

func TestParseOriginals(t *testing.T) {
	for datagram, want := range map[string]string{
		mailPacket:  "(bombMail) Mary Foo <spam@gotthroo.example.com>: Vulcans: VIAGRA for your ears!",
		slidePacket: "(bombMail) Mary Foo <spam@gotthroo.example.com>: Vulcans: VIAGRA for your ears!",
		wikiPacket:  "(Wiki:lynx) has made a major change in http://about.psyc.eu/Routing saying: packet ids",
	} {
		if got := one(t, datagram).Render(nil); got != want {
			t.Errorf("%q reads %q, want %q", datagram, got, want)
		}
	}
	p := one(t, newPacket)
	if p.Method != "_message_private" || p.Data != "OHAI" || p.Get("_foo") != "bar" || p.Get("_target") != "psyc://bar.example.com/" {
		t.Errorf("%+v", p)
	}
	p = one(t, lengthPacket)
	want := &Packet{Vars: []Var{
		{"_source", []string{"psyc://foo.example.com/"}}, {"_target", []string{"psyc://bar.example.com/"}}, {"_tag", []string{"sch1828hu3r2cm"}},
		{"_foo", []string{"bar baz"}}, {"_abc_def", []string{"foo bar\nbaz"}}, {"_foo_bar", []string{"yay"}},
	}, Method: "_message_foo_bar", Data: "ohai there!\n\\o/"}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
}

func TestParse(t *testing.T) {
	p := one(t, ".\r\n:_list\ta\r\n:\tb\r\n:_long\tone\r\n\ttwo\r\n:_list_refs\t|heads/x|tags/y|\n:_gone\tx\n:_gone\n=_kept\tk\n+_list\tc\n-_list\tb\n?_q\tx\n_talk\nhi\n.\n")
	want := &Packet{Vars: []Var{
		{"_list", []string{"a", "c"}}, {"_long", []string{"one\ntwo"}}, {"_list_refs", []string{"heads/x", "tags/y"}}, {"_kept", []string{"k"}},
	}, Method: "_message", Data: "hi"}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	packets, errs := ParseDatagram([]byte(".\n:_a\t1\n_notice_x\none\n.\n%bad\n.\n_notice_y\n.\n.\n:_cut\tx\n"))
	if len(packets) != 3 || len(errs) != 2 || packets[1].Method != "_notice_y" || !packets[2].isEmpty() {
		t.Errorf("%d packets, %v", len(packets), errs)
	}
	for _, text := range []string{"", "\n", ".\n:_a-b\tx\n_m\n.\n", ".\n_a-b\n.\n", ".\n:_length\t5\n_m\n.\n", "|\n:_t\tx\n99\n_m\n|\n", ".\n" + strings.Repeat(":_a\n", 3) + ":\tx\nx\n.\n"} {
		if packets, errs := ParseDatagram([]byte(text)); len(errs) == 0 {
			t.Errorf("%q: %d packets and no error", text, len(packets))
		}
	}
	// Variables of a circuit that last.
	var kept state
	for i, text := range []string{"=_place\tone\n:_x\t1\n_notice_a\n", "_notice_b\n", ":_place\ttwo\n_notice_c\n", "=_place\n_notice_d\n", "_notice_e\n"} {
		p, err := parse(text, true, &kept)
		if err != nil || p.Get("_place") != []string{"one", "one", "two", "", ""}[i] {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
	}
}

func TestRender(t *testing.T) {
	p := &Packet{Vars: []Var{{"_page", []string{"[_user] x"}}, {"_list_a", []string{"1", "2"}}, {"_target", []string{"t"}}},
		Method: "_notice_update_wiki_minor", Data: "[_page] [_list_a] [_none] [_nick] [_target]"}
	for templates, want := range map[string]string{
		"": "[_user] x 1, 2 [_none] ? [_target]", "_notice_update": "of updates: [_user] x", "_notice": "a [_page]",
	} {
		own := map[string]string{}
		switch templates {
		case "_notice_update":
			own = map[string]string{"_notice": "no", "_notice_update": "of updates: [_page]"}
		case "_notice":
			own = map[string]string{"_notice_update_software": "no", "_notice": "a [_page]"}
			want = "a [_user] x"
		}
		if got := p.Render(own); got != want {
			t.Errorf("%s: %q, want %q", templates, got, want)
		}
	}
}

// TestDigest: the figures that psyced's own functions give.
func TestDigest(t *testing.T) {
	const trust = "\n_request_circuit_trust\nI want to gain your trust.\n"
	wiki := strings.TrimSuffix(strings.TrimPrefix(wikiPacket, ".\n"), ".\n")
	for _, c := range [][3]string{
		{"_check_MD5", trust, "7d6e1df734838b911e9bccee5aa0eeaf"},
		{"_check", trust, "7d6e1df734838b911e9bccee5aa0eeaf"},
		{"_check_SHA1", trust, "7f408f0a061c0d3431593b047d7a6e613470bb25"},
		{"_check_SHA256", trust, "9dbd54762cd34f83331278d203a976b9c6fa931f3788cd11f0fdb773b6f18c35"},
		{"_check_MD5", wiki, "57490effc747a6978f2edc8a2cbc295b"},
		{"_check_SHA1", wiki, "55b4d63cb0aa96a4f7cfca62f64bf65cc44906f9"},
		{"_check_SHA256", wiki, "bbe8066fbc6f8a3df8db3ad97cef2756a0ff378eddbe3dcac2cf5dfc7d6b0c53"},
		{"_check_fake", wiki, ""},
		{"_check_integrity_SHA1", wiki, ""},
	} {
		if got := digest(c[0], "testsecret", c[1]); got != c[2] {
			t.Errorf("%s of %q is %s, want %s", c[0], c[1], got, c[2])
		}
	}
	p := one(t, ".\n:_check_SHA256\tBBE8066FBC6F8A3DF8DB3AD97CEF2756A0FF378EDDBE3DCAC2CF5DFC7D6B0C53\n"+wiki+".\n")
	if p.Signed != wiki || digest(p.Check.Name, "testsecret", p.Signed) != p.Check.Values[0] {
		t.Errorf("%+v", p)
	}
	if _, err := p.verify(nil, time.Now()); err == nil {
		t.Error("a check was accepted without a secret")
	}
}

func TestParseTarget(t *testing.T) {
	for text, want := range map[string]destination{
		"psyc://psyced.org/~lynX": {"psyced.org", "lynX", ""}, "psyc://Host:4404c/@Wiki": {"host", "", "wiki"}, "psyc://host": {"host", "", ""},
		"psyc://host/": {"host", "", ""}, "xmpp:user@jabber.example.net": {"jabber.example.net", "user", ""}, "mailto:a@b": {"b", "a", ""},
	} {
		if got, err := parseTarget(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "psyc://host/$service", "irc://x/y"} {
		if got, err := parseTarget(text); err == nil {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// FuzzDatagram: whatever comes, what is made of it is an event that the bus takes,
// or nothing.
func FuzzDatagram(f *testing.F) {
	for _, text := range []string{mailPacket, slidePacket, wikiPacket, newPacket, lengthPacket, ".\n.\n", "|\n|\n", "|\n5\n_x\n|\n", ".\n:_a\n:\n\t\n_x\n.\n", ".\n=_a 1\n+_a 2\n-_a\n_n\n\xff\n.\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		packets, errs := ParseDatagram(text)
		for _, err := range errs {
			if door.CodeOf(err) != ircbus.InvalidEvent {
				t.Errorf("%v", err)
			}
		}
		for _, p := range packets {
			if p.Method == "" {
				continue
			}
			parseTarget(p.Get("_target"))
			e := p.event(p.Render(nil), "")
			if _, err := ircbus.Accept(e.Fit(0), 0); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
