package ircbus

import "testing"

// TestCaseA15: a name that only serves to look like another one is refused, and
// words of scripts that need a character that nobody sees are not.
func TestCaseA15(t *testing.T) {
	for name, good := range map[string]bool{
		"#pub": true, "#Wiki-2": true, "#ру́сский": true, "#ελληνικά": true, "#հայերեն": true, "#wiki.日本語": true, "#日本語カナ": true,
		"#می\u200cخواهم": true, "#क्\u200dष": true, "#ക്\u200dഷ": true, "#עברית": true, "#naïve": true, "#😀": true,
		"#pub\u200b": false, "#pu\u00adb": false, "#p\u2060ub": false, "#\u202epub": false, "#pub\ufe0f": false, "#pub\u3164": false,
		"#pub\u00a0": false, "#pub\u3000x": false, "#pub\u2800": false, "#pub\ufeff": false, "#pub\U000e0041": false, "#pu\u034fb": false,
		"#рub": false, "#pυb": false, "#puբ": false, "#рορ": false, "#pub\u200c": false, "#pu\u200db": false, "#\u200cpub": false,
		"#می\u200c": false, "#𝗉𝗎𝖻": false, "#\u180epub": false, "#pub\u2028": false, "#pub\u115f": false,
	} {
		if err := CheckNewChannel(name); (err == nil) != good {
			t.Errorf("%q (%+q): %v", name, name, err)
		}
	}
	for _, name := range []string{"pub\u200b", "рub", "pυb"} {
		if CheckName(name) == nil {
			t.Errorf("an account may be called %+q", name)
		}
	}
}

func FuzzLooks(f *testing.F) {
	for _, seed := range []string{"#pub", "#рub", "#می\u200cخواهم", "#\u200d", "#\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if CheckNewChannel(name) == nil && CheckChannel(name) != nil {
			t.Errorf("%q is good for a new channel alone", name)
		}
	})
}
