package mail

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ircbus/ircbus"
)

// TestRecordings compares what MediaWiki's mails become, Hebrew ones too, with
// what was read and found right before.
func TestRecordings(t *testing.T) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings:", err)
	}
	for _, file := range files {
		packet, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(file, ".eml") + ".event")
		if err != nil {
			t.Fatal(err)
		}
		letter, err := Parse(bytes.NewReader(packet), Options{})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if got := accepted(t, letter.Fields("", 0)).Encode() + "\n"; got != string(want) {
			t.Errorf("%s:\n got %s want %s", file, got, want)
		}
	}
}

// accepted are the fields as the bus stores them.
func accepted(t *testing.T, f ircbus.Fields) ircbus.Fields {
	t.Helper()
	f, err := ircbus.Accept(f, 0)
	if err != nil {
		t.Fatalf("the bus would refuse the mail: %v", err)
	}
	return f
}

func TestParse(t *testing.T) {
	for _, test := range []struct{ name, mail, want string }{
		{"plain", "From: Anna <anna@example.org>\nSubject: Lunch?\nDate: Fri, 20 Nov 2026 18:26:57 +0200\n\nNo\n",
			"action=MAIL&user=Anna&time=2026-11-20T16:26:57.000000Z&comment=Lunch?&text=Mail+from+Anna:+Lunch?&from=anna@example.org"},
		{"mbox line", "From anna@example.org Fri Nov 20 18:26:57 2026\nFrom: anna@example.org\nSubject: x\n\n",
			"action=MAIL&user=anna@example.org&comment=x&text=Mail+from+anna@example.org:+x&from=anna@example.org"},
		{"traces in the header", ">From daemon\nSubject: x\n garbage without a colon\nno header\n nor this\nFrom: a@b.c\n\n",
			"action=MAIL&user=a@b.c&comment=x+garbage+without+a+colon&text=Mail+from+a@b.c:+x+garbage+without+a+colon&from=a@b.c"},
		{"folded encoded words", "From: =?iso-8859-8?Q?=F4=EC=E5=F0=E9?= <p@example.org>\r\nSubject: =?utf-8?B?16nXnNeV?=\r\n =?utf-8?B?150=?= and\r\n\tmore\r\n\r\n",
			"action=MAIL&user=פלוני&comment=שלום+and+more&text=Mail+from+פלוני:+שלום+and+more&from=p@example.org"},
		{"unknown charset", "From: =?x-klingon?Q?Worf?= <w@q.example>\nSubject: =?x-klingon?Q?nuqneH?=\n\n",
			"action=MAIL&user==?x-klingon?Q?Worf?=&comment==?x-klingon?Q?nuqneH?=&text=Mail+from+=?x-klingon?Q?Worf?=:+=?x-klingon?Q?nuqneH?=&from=w@q.example"},
		{"bytes of Latin-1", "From: Andr\xe9 <a@example.org>\nSubject: caf\xe9\n\n",
			"action=MAIL&user=André&comment=café&text=Mail+from+André:+café&from=a@example.org"},
		{"no From, no Subject", "X-Nothing: 1\n\n", "action=MAIL&user=somebody&text=Mail+from+somebody:+(no+subject)"},
		{"broken From", "From: Anna <anna@\nSubject: x\n\n", "action=MAIL&user=Anna+<anna@&comment=x&text=Mail+from+Anna+<anna@:+x"},
		{"only a header", "Subject: x", "action=MAIL&user=somebody&comment=x&text=Mail+from+somebody:+x"},
		{"wild date", "Date: yesterday\nSubject: x\n\n", "action=MAIL&user=somebody&comment=x&text=Mail+from+somebody:+x&time_=yesterday"},
		{"a leap second", "Date: Sat, 31 Dec 2016 23:59:60 GMT\nSubject: x\n\n", "action=MAIL&user=somebody&time=2017-01-01T00:00:00.000000Z&comment=x&text=Mail+from+somebody:+x"},
		{"an ISO date", "Date: 2026-01-02t03:04:05z\nSubject: x\n\n", "action=MAIL&user=somebody&time=2026-01-02T03:04:05.000000Z&comment=x&text=Mail+from+somebody:+x"},
		{"kept headers", "List-Id: <wiki.lists.example.org>\nReceived: from secret.example.org\nTo: a@b.c, d@e.f\nSubject: x\n\n",
			"action=MAIL&user=somebody&comment=x&text=Mail+from+somebody:+x&to=a@b.c,+d@e.f&list-id=<wiki.lists.example.org>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			letter, err := Parse(iotest.OneByteReader(strings.NewReader(test.mail)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			f := accepted(t, letter.Fields("", 0))
			if has := f.Has("key"); has != strings.Contains(test.mail, "Date:") && !strings.Contains(test.mail, "Message-ID:") {
				t.Errorf("a key, %v: %s", has, f.Encode())
			}
			if got := withoutKey(f).Encode(); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

// withoutKey leaves out the last field if it is the key.
func withoutKey(f ircbus.Fields) ircbus.Fields {
	if f.Has("key") {
		return f[:len(f)-1]
	}
	return f
}

// TestCaseC1: without a Message-ID the same words are one mail only if they have a
// time, and the same text.
func TestCaseC1(t *testing.T) {
	key := func(mail string) string {
		letter, err := Parse(strings.NewReader(mail), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return letter.Key
	}
	const dated = "From: cron@a\nDate: Fri, 20 Nov 2026 18:26:57 +0000\nSubject: backup\n\n"
	if got := key("From: cron@a\nSubject: backup\n\nfailed"); got != "" {
		t.Errorf("a mail without an id and a date has the key %q", got)
	}
	first, again := key(dated+"failed"), key(dated+"failed")
	if first == "" || first != again || first == key(dated+"done") {
		t.Error("a dated mail's key is not of what it says")
	}
}

func TestOptions(t *testing.T) {
	const letter = "From: a@b.c\nSubject: x\nX-Tag: one\nX-Tag: =?utf-8?Q?t=77o?=\nContent-Type: multipart/mixed; boundary=q\n\n" +
		"--q\nContent-Type: text/html\n\n<p>no</p>\n--q\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\ncaf=E9 and more\n--q--\n"
	parsed, err := Parse(strings.NewReader(letter), Options{Headers: []string{"X-TAG"}, Body: 9})
	if err != nil {
		t.Fatal(err)
	}
	f := accepted(t, parsed.Fields("anna", 0))
	if got, want := f.Encode(), "action=MAIL&user=a@b.c&comment=x&recipient=anna&text=Mail+from+a@b.c:+x&from=a@b.c&x-tag=one&x-tag=two&body=café…"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// TestBodyOfEmptyLines: a text is shorter without the CRs of its line ends.
func TestBodyOfEmptyLines(t *testing.T) {
	for limit := range 20 {
		parsed, err := Parse(strings.NewReader("Subject: x\r\n\r\na"+strings.Repeat("\r\n", 30)+"b"), Options{Body: limit})
		if err != nil {
			t.Fatal(err)
		}
		if body := parsed.Fields("", 0).Get("body"); limit > 3 && !strings.HasPrefix(body, "a") || len(body) > limit {
			t.Errorf("of %d bytes the text is %q", limit, body)
		}
	}
}

// TestKeys: a mail that comes twice is one event, another one is not, even if it
// claims the same Message-ID.
func TestKeys(t *testing.T) {
	key := func(letter string) string {
		parsed, err := Parse(strings.NewReader(letter), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return parsed.Key
	}
	const first = "Message-ID: <1@a>\nFrom: a@b.c\nSubject: x\n\n"
	if key(first) != key("From a@b.c Fri Nov 20 18:26:57 2026\n"+first+"body") {
		t.Error("the same mail has another key")
	}
	seen := map[string]string{key(first): "the first"}
	for name, k := range map[string]string{
		"another subject": key("Message-ID: <1@a>\nFrom: a@b.c\nSubject: y\n\n"),
		"another author":  key("Message-ID: <1@a>\nFrom: b@b.c\nSubject: x\n\n"),
	} {
		if other, found := seen[k]; found {
			t.Errorf("%s has the key of %s", name, other)
		}
		seen[k] = name
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct {
		name, mail string
		code       ircbus.Code
	}{
		{"nothing", "", ircbus.InvalidEvent},
		{"no header", "hello\nworld\n", ircbus.InvalidEvent},
		{"one endless line", "Subject: " + strings.Repeat("x", maxHeader), ircbus.EventTooLarge},
		{"endless lines", strings.Repeat("X-A: 1\n", maxHeader/6), ircbus.EventTooLarge},
	} {
		_, err := Parse(strings.NewReader(test.mail), Options{})
		var refusal *ircbus.Refusal
		if !errors.As(err, &refusal) || refusal.Code != test.code {
			t.Errorf("%s: %v, want %s", test.name, err, test.code)
		}
	}
	broken := errors.New("the pipe broke")
	if _, err := Parse(iotest.ErrReader(broken), Options{}); !errors.Is(err, broken) {
		t.Errorf("a reader's failure became %v", err)
	}
}

// FuzzParse: whatever a stranger writes, the bus takes what Parse makes of it.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		packet, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packet)
	}
	f.Add([]byte("From: =?iso-8859-8?Q?=F4?= <p@example.org>\nContent-Type: multipart/x; boundary=q\n\n--q\n\nx\n--q--\n"))
	f.Fuzz(func(t *testing.T, packet []byte) {
		letter, err := Parse(bytes.NewReader(packet), Options{Headers: []string{"x-a", "received"}, Body: 4000})
		if err != nil {
			if !errors.As(err, new(*ircbus.Refusal)) {
				t.Fatal(err)
			}
			return
		}
		if _, err := ircbus.Accept(letter.Fields("anna", 0), 0); err != nil {
			t.Fatal(err)
		}
	})
}
