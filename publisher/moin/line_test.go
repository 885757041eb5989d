package moin

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

func recorded(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/edit-log")
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
}

// TestRecorded: what a wiki wrote, as events.
func TestRecorded(t *testing.T) {
	var got []string
	for _, text := range recorded(t)[:9] {
		line, err := ParseLine(text)
		if err != nil {
			t.Fatal(err)
		}
		fields, err := ircbus.Accept(line.Fields("w", "", 0).Without("time", "key", "wiki", "addr", "userid"), 0)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fields.WithTime("").Without("time").Encode())
	}
	want := []string{
		"page=FrontPage&action=SAVENEW&user=127.0.0.1&comment=front&rev=1",
		"page=TestPage&action=SAVENEW&user=127.0.0.1&comment=created&rev=1",
		"page=TestPage&action=SAVE&user=127.0.0.1&comment=a+change&rev=2&oldrev=1",
		"page=TestPage&action=SAVE&user=127.0.0.1&comment=typo&rev=3&oldrev=2",
		"page=עמוד+ראשון&action=SAVENEW&user=127.0.0.1&comment=דף+חדש+בעברית&rev=1",
		"page=עמוד+ראשון&action=SAVE&user=127.0.0.1&comment=תיקון&rev=2&oldrev=1",
		"page=TestPage&action=SAVE&user=127.0.0.1&comment=anon+edit&rev=4&oldrev=3",
		"page=TestPage/Renamed&action=SAVE/RENAME&user=127.0.0.1&comment=better+name&rev=5&oldrev=4&old_name=TestPage",
		"page=TestPage/Renamed&action=SAVE&user=127.0.0.1&comment=not+needed&rev=6&oldrev=5",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	line, err := ParseLine(recorded(t)[7])
	if err != nil {
		t.Fatal(err)
	}
	all := "wiki=w&page=TestPage/Renamed&action=SAVE/RENAME&user=Ann&time=2026-11-20T18:36:49.953406Z&comment=better+name&rev=5&oldrev=4" +
		"&old_name=TestPage&key=1795199809953406+00000005+SAVE/RENAME+TestPage(2f)Renamed&userid=1795199808.46.37047&addr=127.0.0.1"
	if got := line.Fields("w", "Ann", 0).Encode(); got != all {
		t.Errorf("got  %s\nwant %s", got, all)
	}
}

// TestOthers: lines of kinds that the recording lacks, and shortened ones.
func TestOthers(t *testing.T) {
	for text, want := range map[string]string{
		"1\t99999999\tATTNEW\tA\t192.0.2.1\thost.example\t\ta%20b.png\t":                 "wiki=w&page=A&action=ATTNEW&user=host.example&time=1970-01-01T00:00:00.000001Z&attach_name=a+b.png&key=1+99999999+ATTNEW+A&addr=192.0.2.1&hostname=host.example",
		"1\t99999999\tATTDEL\tA\t\t\t\t%zz":                                              "wiki=w&page=A&action=ATTDEL&time=1970-01-01T00:00:00.000001Z&attach_name=%25zz&key=1+99999999+ATTDEL+A",
		"1\t00000004\tSAVE/REVERT\tMy(20)Page(2f)Sub(2d)Page\t\t\t\t00000002\tspam\tand": "wiki=w&page=My+Page/Sub-Page&action=SAVE/REVERT&time=1970-01-01T00:00:00.000001Z&comment=spam%09and&rev=4&oldrev=3&key=1+00000004+SAVE/REVERT+My(20)Page(2f)Sub(2d)Page&extra=00000002",
		"1\t1\tSAVE\tA\r\n": "wiki=w&page=A&action=SAVE&time=1970-01-01T00:00:00.000001Z&rev=1&key=1+1+SAVE+A",
		"1\t1\tSAVE\t(e9)":  "wiki=w&page=é&action=SAVE&time=1970-01-01T00:00:00.000001Z&rev=1&key=1+1+SAVE+(e9)",
	} {
		line, err := ParseLine(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := line.Fields("w", "", 0).Encode(); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
	for _, text := range []string{
		"", "1", "1\t1\tSAVE", "x\t1\tSAVE\tA", "-1\t1\tSAVE\tA", "999999999999999999\t1\tSAVE\tA", "1\tx\tSAVE\tA", "1\t-1\tSAVE\tA",
		"1\t1\t\tA", "1\t1\tSAVE\t\tx", "1\t1\tSAVE\t(2", "1\t1\tSAVE\t(2)", "1\t1\tSAVE\t(zz)",
	} {
		if line, err := ParseLine(text); err == nil {
			t.Errorf("%q: %+v", text, line)
		}
	}
}

// FuzzParseLine: whatever can be read is an event that the bus takes.
func FuzzParseLine(f *testing.F) {
	file, err := os.Open("testdata/edit-log")
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		f.Add(lines.Text(), "")
	}
	f.Add("1\t99999999\tATTNEW\tA(c3a9)\t\t\t\ta%20b\tc\td", "Ann\x00")
	f.Add("1\t1\tx\t(2f", "\xe9")
	f.Fuzz(func(t *testing.T, text, user string) {
		line, err := ParseLine(text)
		if err != nil {
			return
		}
		fields, err := ircbus.Accept(line.Fields("w", ircbus.ToUTF8(user), 0), 0)
		if err != nil || !utf8.ValidString(line.Page) || fields.Get("page") != line.Page && !fields.Has("cut") {
			t.Errorf("%v: %+v", err, line)
		}
	})
}
