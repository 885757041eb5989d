package bus

import (
	"bufio"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus/ircd/account"
)

func psycBus(t *testing.T, change func(*PSYC)) *Bus {
	t.Helper()
	c := quiet(t)
	c.PSYC = PSYC{Listen: "127.0.0.1:0", Publisher: "psyc", Channels: []string{"#wikinotify", "#cvs"}}
	if change != nil {
		change(&c.PSYC)
	}
	b := startBus(t, c)
	if err := b.Accounts().Add(account.Account{Name: "lynX", Role: account.User}, "correct horse"); err != nil {
		t.Fatal(err)
	}
	return b
}

// circuit is what the scripts of psyced do over TCP: they wait for the greeting, send
// their packets and the end of the circuit, and go. It returns what the bus
// said behind its greeting.
func circuit(t *testing.T, b *Bus, end, packets string) string {
	t.Helper()
	conn, err := net.Dial("tcp", doorAddr(t, b, "psyc", "tcp"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn = patient{conn}
	if _, err := io.WriteString(conn, end+"\n"); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(conn)
	for ends, established := 0, false; ends < 3; {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if established = established || line == "_notice_circuit_established\n"; line == end+"\n" {
			if ends++; ends == 2 && !established {
				t.Error("the circuit is not established by the first packet")
			}
		}
	}
	if _, err := io.WriteString(conn, packets+"_request_circuit_shutdown\n"+end+"\n"); err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}

const (
	psycmail = ".\n:_target\tpsyc://psyced.org/~lynX\n\n:_origin\tMary Foo <spam@gotthroo.example.com>\n:_subject\t=?UTF-8?Q?Caf=C3=A9?=\n" +
		":_nick_alias\tbombMail\n_notice_received_email\n([_nick_alias]) [_origin]: [_subject]\n.\n"
	psycnotify = ".\n:_target\tpsyc://wiki.example.org/@wikinotify\n\n:_nick_wiki\tfippo\n:_article\tWikinotify\n:_page\thttp://about.psyc.eu/Wikinotify\n" +
		"_notice_update_wiki_minor\n(Wiki:[_nick_wiki]) has made a minor change in [_page]\n.\n"
	cvs2psyc = ":_target\tpsyc://example.org/@cvs\n\n:_comment\tnew feed url\n:_files\ttagesschau.c\n:_module\tplace\n:_repository\tpsyced\n" +
		":_nick_place\tcvs\n:_nick_editor\tlynx\n_notice_update_software_CVS\n([_repository]:[_nick_editor] in [_module]) [_files] changed: [_comment]\n.\n"
	git2psyc = ":_target\tpsyc://example.org/@cvs\n\n:_project\tpsyced\n:_ref\theads/master\n:_hash_commit_long\t89abcdef89abcdef89abcdef89abcdef89abcdef\n" +
		":_hash_commit\t89abcdef\n:_name_editor\tAnna\n:_comment\tnew feed url\n:_stat_files_changed\t1\n:_stat_insertions\t2\n:_stat_deletions\t3\n" +
		"_notice_update_software_git\n[_project]: [_name_editor] \"[_comment]\" ([_stat_files_changed] files: +[_stat_insertions] -[_stat_deletions]) [_page_commit]\n%s\n"
)

// TestPSYCOriginals: the packets of the original programs arrive, over UDP and
// TCP, in both syntaxes.
func TestPSYCOriginals(t *testing.T) {
	b := psycBus(t, nil)
	udp, err := net.Dial("udp", doorAddr(t, b, "psyc", "udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	for _, packet := range []string{psycmail, psycnotify} {
		if _, err := io.WriteString(udp, packet); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "two datagrams", func() bool { return len(stored(t, b)) == 1 && len(waiting(t, b, "lynx")) == 1 })
	if got := waiting(t, b, "lynx"); got[0] != "(bombMail) Mary Foo <spam@gotthroo.example.com>: Café" {
		t.Errorf("%q", got)
	}
	if said := circuit(t, b, ".", cvs2psyc+fmt.Sprintf(git2psyc, ".")); said != "" {
		t.Errorf("the bus said %q", said)
	}
	if said := circuit(t, b, "|", fmt.Sprintf(git2psyc, "|")); said != "" { // the same commit
		t.Errorf("the bus said %q", said)
	}
	content := "_notice_update_software_git\nsaid\n"
	for _, length := range []int{len(content), len(content) - 1} { // with the last line feed, and without
		circuit(t, b, "|", fmt.Sprintf(":_target\tpsyc://h/@wikinotify\n%d\n%s|\n", length, content))
	}
	want := []string{
		"#wikinotify page=Wikinotify&action=SAVE&user=fippo&minor=1&url=http://about.psyc.eu/Wikinotify&text=(Wiki:fippo)+has+made+a+minor+change+in+http://about.psyc.eu/Wikinotify&method=_notice_update_wiki_minor",
		"#cvs action=commit&user=lynx&comment=new+feed+url&files=tagesschau.c&module=place&repo=psyced&text=(psyced:lynx+in+place)+tagesschau.c+changed:+new+feed+url&method=_notice_update_software_CVS&_nick_place=cvs",
		`#cvs action=commit&user=Anna&project=psyced&ref=heads/master&rev=89abcdef89abcdef89abcdef89abcdef89abcdef&comment=new+feed+url&files_changed=1&insertions=2&deletions=3&text=psyced:+Anna+"new+feed+url"+(1+files:+%2B2+-3)+[_page_commit]&method=_notice_update_software_git&_hash_commit=89abcdef`,
	}
	got := stored(t, b)
	for i := range got {
		got[i], _, _ = strings.Cut(got[i], "&key=")
	}
	for range 2 {
		want = append(want, "#wikinotify action=commit&text=said&method=_notice_update_software_git")
	}
	if !slices.Equal(got, want) {
		t.Errorf("stored are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if r := b.Doors()[0]; r.Received != 7 || r.Duplicates != 1 || r.Memos != 1 {
		t.Errorf("%+v", r)
	}
}

// TestPSYCRefusals: over TCP who is not taken is told why.
func TestPSYCRefusals(t *testing.T) {
	b := psycBus(t, func(p *PSYC) { p.Hosts = []string{"psyc.example.org"} })
	for packet, want := range map[string]string{
		":_target\tpsyc://elsewhere.org/@cvs\n:_source\tpsyc://me/\n:_tag\t7\n\n_notice_x\ntext\n.\n": ":_target\tpsyc://me/\n:_tag_reply\t7\n\n_failure_unsupported_relay\nRelaying denied: elsewhere.org is not a hostname of ours.\n.\n",
		":_target\tpsyc://psyc.example.org/~nobody\n\n_notice_x\ntext\n.\n":                           "_error_illegal_uniform\nthere is no person",
		":_target\tpsyc://psyc.example.org/@other\n\n_notice_x\ntext\n.\n":                            "_error_illegal_uniform\npsyc does not publish in",
		"%\n.\n":                              "_error_invalid_method_compact\n",
		":_a-b\tx\n_m\n.\n":                   "_error_illegal_protocol_variable\n",
		"_request_circuit_trust\nplease\n.\n": "_failure_invalid_circuit_trust\n",
		":_target\tpsyc://psyc.example.org/@cvs\n\n_data\ntext\n.\n": "_error_unsupported_method\n",
		".\n.\n": ".\n",
	} {
		if said := circuit(t, b, ".", packet); !strings.Contains(said, want) || want == ".\n" && said != want {
			t.Errorf("%q: the bus said %q, want %q", packet, said, want)
		}
	}
	conn, err := net.Dial("tcp", doorAddr(t, b, "psyc", "tcp"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn = patient{conn}
	io.WriteString(conn, "HELO psyc.example\r\n")
	if said, err := io.ReadAll(conn); err != nil || !strings.Contains(string(said), "_error_syntax_initialization") {
		t.Errorf("%q, %v", said, err)
	}
	if got := stored(t, b); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// signed puts a check before a packet's lines.
func signed(secret, packet string) string {
	key := sha256.Sum256([]byte(secret))
	mac := hmac.New(sha256.New, []byte(hex.EncodeToString(key[:])))
	mac.Write([]byte(strings.TrimSuffix(packet, ".\n")))
	return ":_check_SHA256\t" + hex.EncodeToString(mac.Sum(nil)) + "\n" + packet
}

// TestPSYCChecks: with secrets, only packets that prove to know one are taken, each
// once, and none that is from another time.
func TestPSYCChecks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(path, []byte("wiki testsecret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := psycBus(t, func(p *PSYC) { p.SecretsFile = path })
	packet := func(text string, more string) string {
		return ":_target\tpsyc://h/@cvs\n" + more + "\n_notice_x\n" + text + "\n.\n"
	}
	at := func(off time.Duration) string { return fmt.Sprintf(":_time\t%d\n", time.Now().Add(off).Unix()) }
	good := signed("testsecret", packet("good", at(0)))
	for _, c := range [][2]string{
		{packet("unsigned", ""), "_error_necessary_membership"},
		{signed("othersecret", packet("wrong", "")), "_error_necessary_membership"},
		{strings.Replace(good, "good", "evil", 1), "_error_necessary_membership"},
		{signed("testsecret", packet("old", at(-time.Hour))), "_error_necessary_membership"},
		{signed("testsecret", packet("early", at(time.Hour))), "_error_necessary_membership"},
		{good, ""},
		{good, ""}, // a repeat, which is not shown again
		{signed("testsecret", "\n_request_circuit_trust\nI want to gain your trust.\n.\n") + packet("on a circuit that is trusted", ""), "_echo_circuit_trust"},
	} {
		if said := circuit(t, b, ".", c[0]); !strings.Contains(said, c[1]) || c[1] == "" && said != "" {
			t.Errorf("%q: %q", c[0], said)
		}
	}
	got := stored(t, b)
	if len(got) != 2 || !strings.HasPrefix(got[0], "#cvs text=good&method=_notice_x&client=wiki&key=") || !strings.HasPrefix(got[1], "#cvs text=on+a+circuit") {
		t.Errorf("%q", got)
	}
	if r := b.Doors()[0]; r.Refused["sender"] != 5 || r.Duplicates != 1 || strings.Contains(fmt.Sprint(*r.LastRefusal), "testsecret") {
		t.Errorf("%+v", r)
	}
}

// hashed puts a check of an old kind before a packet's lines.
func hashed(kind, secret, packet string) string {
	text := secret + strings.TrimSuffix(packet, ".\n")
	sum := fmt.Sprintf("%x", sha1.Sum([]byte(text)))
	if kind != "_check_SHA1" {
		sum = fmt.Sprintf("%x", md5.Sum([]byte(text)))
	}
	return ":" + kind + "\t" + sum + "\n" + packet
}

// extended is a packet that somebody has extended who knows only the length of the
// secret and has seen it with its check: by the padding of MD5 or SHA-1 and a text.
func extended(t *testing.T, kind, secret, packet string) string {
	t.Helper()
	signed := strings.TrimSuffix(packet, ".\n")
	const extension = "more\n"
	length := len(secret) + len(signed)
	padding := append([]byte{0x80}, make([]byte, (64+55-length%64)%64)...)
	bits := binary.BigEndian.AppendUint64(nil, uint64(length)*8)
	digest, prefix := hash.Hash(sha1.New()), "sha\x01"
	if kind != "_check_SHA1" {
		bits, digest, prefix = binary.LittleEndian.AppendUint64(nil, uint64(length)*8), md5.New(), "md5\x01"
	}
	digest.Write([]byte(secret + signed)) // whose sum the check tells
	seen := digest.Sum(nil)
	for i := 0; kind != "_check_SHA1" && i < len(seen); i += 4 {
		slices.Reverse(seen[i : i+4]) // as the package keeps it
	}
	state := append([]byte(prefix), seen...)
	state = append(state, make([]byte, 64)...)
	state = binary.BigEndian.AppendUint64(state, uint64(length+len(padding)+8))
	if err := digest.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		t.Fatal(err)
	}
	digest.Write([]byte(extension))
	packet = signed + string(padding) + string(bits) + extension
	check := fmt.Sprintf(":%s\t%x\n", kind, digest.Sum(nil))
	if !strings.HasPrefix(hashed(kind, secret, packet), check) {
		t.Fatal("the extension is not one")
	}
	return check + packet + ".\n"
}

// TestCaseA5: a check that others can extend counts only for clients that are
// listed for it, and never for what can be an extension.
func TestCaseA5(t *testing.T) {
	var log logged
	path := filepath.Join(t.TempDir(), "secrets")
	text := "wiki wikisecret\nold/sha1 oldsecret\nolder/MD5 oldersecret\nboth bothsecret\nboth/sha1 bothsecret\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := quiet(t)
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	c.PSYC = PSYC{Listen: "127.0.0.1:0", Publisher: "psyc", SecretsFile: path}
	b := startBus(t, c)
	packet := func(text string) string { return ":_target\tpsyc://h/\n\n_notice_x\n" + text + "\n.\n" }
	for i, c := range []struct{ packet, want string }{
		{hashed("_check_SHA1", "wikisecret", packet("by SHA-1")), "send _check_SHA256"},
		{hashed("_check_MD5", "wikisecret", packet("by MD5")), "send _check_SHA256"},
		{hashed("_check", "wikisecret", packet("by its short name")), "send _check_SHA256"},
		{hashed("_check_MD5", "oldsecret", packet("the other one")), "send _check_SHA256"},
		{hashed("_check_SHA1", "oldersecret", packet("the other one")), "send _check_SHA256"},
		{extended(t, "_check_SHA1", "oldsecret", packet("seen")), "no NUL"},
		{extended(t, "_check_MD5", "oldersecret", packet("seen")), "no NUL"},
		{extended(t, "_check", "oldersecret", packet("seen")), "no NUL"},
		{extended(t, "_check_SHA1", "wikisecret", packet("seen")), "no NUL"},
		{hashed("_check_SHA1", "oldsecret", "\n_request_circuit_trust\nplease\x00\n.\n"), "could not verify"},
		{hashed("_check_SHA1", "wikisecret", "\n_request_circuit_trust\nplease\n.\n"), "could not verify"},
		{signed("wikisecret", packet("wiki by HMAC")), ""},
		{signed("oldsecret", packet("old by HMAC")), ""},
		{hashed("_check_SHA1", "oldsecret", packet("old by SHA-1")), ""},
		{hashed("_check_MD5", "oldersecret", packet("older by MD5")), ""},
		{hashed("_check_SHA1", "bothsecret", packet("both by SHA-1")), ""},
	} {
		if said := circuit(t, b, ".", c.packet); !strings.Contains(said, c.want) || c.want == "" && said != "" {
			t.Errorf("%d: %q is answered with %q", i, c.packet, said)
		}
	}
	got := stored(t, b)
	for i, want := range []string{"wiki by HMAC", "old by HMAC", "old by SHA-1", "older by MD5", "both by SHA-1"} {
		client, _, _ := strings.Cut(want, " ")
		want = strings.ReplaceAll(want, " ", "+")
		if i >= len(got) || !strings.HasPrefix(got[i], "#psyc text="+want+"&") || !strings.Contains(got[i], "&client="+client+"&") {
			t.Fatalf("%q is missing in %q", want, got)
		}
	}
	if text := log.String(); !strings.Contains(text, "wiki/sha1 SECRET") || strings.Contains(text, "wikisecret") {
		t.Errorf("the log: %s", text)
	}
}

// TestPSYCLosesNone: 10,000 packets over one circuit, none lost.
func TestPSYCLosesNone(t *testing.T) {
	b := psycBus(t, func(p *PSYC) { p.Templates = map[string]string{"_notice": "no. [_n]"} })
	var packets strings.Builder
	count := many(10_000)
	for i := range count {
		fmt.Fprintf(&packets, ":_target\tpsyc://h/@cvs\n\n:_n\t%d\n_notice_test_count\nthis is [_n]\n.\n", i)
	}
	if said := circuit(t, b, ".", packets.String()); said != "" {
		t.Errorf("the bus said %.300q", said)
	}
	got := stored(t, b)
	if len(got) != count || got[count-1] != fmt.Sprintf("#cvs text=no.+%[1]d&method=_notice_test_count&_n=%[1]d", count-1) {
		t.Errorf("%d events, the last is %q", len(got), got[len(got)-1])
	}
}
