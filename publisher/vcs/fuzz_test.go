package vcs

import (
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// acceptable checks that the bus takes an event, whatever was in it.
func acceptable(t *testing.T, f ircbus.Fields) {
	t.Helper()
	if _, err := ircbus.Accept(f, 0); err != nil {
		t.Fatalf("%v: %.1000q", err, f)
	}
}

func FuzzGitLog(f *testing.F) {
	f.Add(read(f, "git-log.bin"))
	f.Add([]byte("aa\x00\x00a\x00b\x00-1\x00c\x00d\x00999999999999999999\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		commits, _ := ParseGitLog(data)
		for i := range commits {
			commits[i].Key = "k"
			acceptable(t, commits[i].Fields())
		}
		parseGitTag(data)
	})
}

func FuzzHgLog(f *testing.F) {
	f.Add(read(f, "hg-log.jsonl"))
	f.Add([]byte(`["a","","","","","1 0","","1: +9/-1","",[""],null,["x"]]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		commits, _ := ParseHgLog(data)
		for i := range commits {
			acceptable(t, commits[i].Fields())
		}
	})
}

func FuzzSubversion(f *testing.F) {
	f.Add(read(f, "svn-info-3"), read(f, "svn-changed-3"))
	f.Fuzz(func(t *testing.T, info, changed []byte) {
		c, err := ParseSvnInfo(info)
		if err != nil {
			return
		}
		c.Files = ParseSvnChanged(changed)
		c.Module, c.Branch = svnBranch(c.Files)
		acceptable(t, c.Fields())
	})
}

func FuzzLoginfo(f *testing.F) {
	for _, call := range recordedCVS(f) {
		f.Add(strings.Join(call.args, "\x00"), []byte(call.stdin))
	}
	f.Add("proj a,1.1,1.2 b c,NONE,1.1", []byte("x"))
	f.Fuzz(func(t *testing.T, args string, stdin []byte) {
		l, err := ParseLoginfo(strings.Split(args, "\x00"), stdin)
		if err == nil {
			acceptable(t, l.commit().Fields())
		}
	})
}

func FuzzMoves(f *testing.F) {
	f.Add([]byte("00 4d refs/heads/main\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		moves, _ := ParseMoves(data)
		for _, m := range moves {
			acceptable(t, (&Ref{Action: "create", Name: m.Ref, Rev: m.New, OldRev: m.Old}).Fields())
		}
	})
}
