package account

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

const decoyLine = `  "decoy_key": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"
`

const goodFile = `{
  "version": 1,
  "accounts": [
    {
      "name": "moin",
      "role": "publisher",
      "channels": ["#antispam"],
      "created": "2026-11-20T10:00:00Z",
      "password": "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
      "tokens": [
        {"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "created": "2026-11-20T10:00:00Z", "expires": "2026-12-20T10:00:00+01:00"}
      ],
      "certificates": [
        {"sha256": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"}],
      "scram": "SCRAM-SHA-256$4096:c29tZXNhbHQ=$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    },
    {"name": "ada", "role": "operator"}
  ],
` + decoyLine + `}
`

func TestDecodeErrorsNameTheLine(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{`"version": 1`, `"version": 3`, `f:2: the file has version 3, this ircbus knows versions 1 to 2`},
		{`"version": 1`, `"version": "1"`, `f:2: "version" cannot be a string`},
		{`"version": 1,`, ``, `f:1: "version" is missing`},
		{`"accounts"`, `"users"`, `f:3: the key "users" is not known`},
		{`"accounts": [`, `"accounts": {`, `f:3: the accounts must be between [ and ]`},
		{`"role": "publisher"`, `"role": "boss"`, `f:6: the role "boss"`},
		{`"role": "publisher"`, `"Role": "publisher"`, `f:6: the key "Role" of an account is not known`},
		{`"role": "publisher",`, `"role": "publisher"`, `f:7: this is not JSON: invalid character '"'`},
		{`"role": "publisher"`, `"role": "user"`, `f:5: "moin" is a user, and only a publisher has channels`},
		{`"role": "publisher",`, ``, `f:5: the role "" must be`},
		{`"role": "publisher"`, `"name": "x"`, `f:6: "name" is there twice`},
		{`"#antispam"`, `"antispam"`, `f:7: the channel "antispam" must begin with #`},
		{`["#antispam"]`, `7`, `f:7: the channels must be between [ and ]`},
		{`"2026-11-20T10:00:00Z"`, `"yesterday"`, `f:8: "created" is wrong: parsing time`},
		{`"2026-11-20T10:00:00Z"`, `null`, `f:8: "created" must be a time such as`},
		{`m=19456`, `m=99999999`, `f:9: the password hash has m=99999999`},
		{`$argon2id$`, `$argon2i$`, `f:9: the password hash must read`},
		{`e3b0`, `e3bx`, `f:11: "sha256" must have 64`},
		{`"sha256"`, `"sha1"`, `f:11: the key "sha1" of a token is not known`},
		{`{"sha256": "5f`, `{"sha255": "5f`, `f:14: the key "sha255" of a certificate is not known`},
		{`{"sha256": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"}`, `{}`, `f:14: a certificate lacks its "sha256"`},
		{`$4096:`, `$4095:`, `f:15: the SCRAM keys have 4095 iterations`},
		{`c29tZXNhbHQ=$`, `c29tZQ==$`, `f:15: the SCRAM keys have a salt`},
		{`SCRAM-SHA-256`, `SCRAM-SHA-1`, `f:15: SCRAM keys must read`},
		{`"decoy_key": "5f`, `"decoy_key": "5`, `f:19: "decoy_key" must have 64`},
		{`"ada"`, `"MOIN"`, `f:17: there is already an account named "MOIN"`},
		{`"operator"}`, `"operator"`, `f:18: this is not JSON`},
		{"  ],\n" + decoyLine + "}\n", "", `f:18: the file ends too early`},
		{"  ],\n" + decoyLine + "}\n", "]}\n{}", `f:19: something follows after the accounts`},
		{goodFile, ``, `f:1: the file ends too early`},
		{goodFile, `[]`, `f:1: the file must be between { and }`},
	} {
		_, err := decode("f", []byte(strings.Replace(goodFile, c.old, c.new, 1)))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.30q → %.30q: %v, want: %s", c.old, c.new, err, c.want)
		}
	}
}

func TestDecodeGood(t *testing.T) {
	b, err := decode("f", []byte(goodFile))
	if err != nil {
		t.Fatal(err)
	}
	moin := b.get("Moin").account()
	if len(moin.Certificates) != 1 || moin.Certificates[0].Fingerprint[0] != 0x5f || b.decoys[0] != 0x5f {
		t.Errorf("%+v", moin)
	}
	if !moin.HasPassword || len(moin.Tokens) != 1 || moin.Tokens[0].Expires.Hour() != 9 {
		t.Errorf("%+v", moin)
	}
}

// What decode accepts, encode writes in a form that decode reads as the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(goodFile))
	f.Add([]byte(strings.Replace(goodFile, `"version": 1`, `"version": 2`, 1)))
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(`{"version":1,"accounts":[{"name":"a","role":"user","created":"1970-01-01T00:00:00.5-07:00"}]}`))
	f.Add([]byte(`{"version":1,"accounts":[{"name":"a","role":"publisher","channels":["#<&>","#A","#\u2028"]}]} x`))
	f.Add([]byte("{\"version\":1e0,\n\"accounts\":[[{}]]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := decode("f", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f:") {
				t.Errorf("no file in: %v", err)
			}
			return
		}
		once, err := b.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decode("f", once)
		if err != nil {
			t.Fatalf("%v in\n%s", err, once)
		}
		if twice, err := again.encode(); err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%v\n%s\nbecomes\n%s", err, once, twice)
		}
	})
}

func FuzzParseVerifier(f *testing.F) {
	f.Add(newDummy().String())
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg")
	f.Add("$argon2id$v=19$m=+19456,t=2,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg")
	f.Add("$argon2id$v=19$m=0x10,t=2,p=300$$")
	f.Add("$argon2id$v=16$m=8,t=1,p=1 $c29tZXNhbHR=$MDEyMzQ1Njc4OWFiY2RlZh")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := parseVerifier(s)
		if err != nil {
			return
		}
		if v.String() != s {
			t.Errorf("%q becomes %q", s, v)
		}
		if v.memory > maxMemoryKiB || v.passes > maxPasses || v.threads < 1 || v.passes < 1 {
			t.Errorf("%q costs too much, or panics", s)
		}
	})
}

func FuzzParseSCRAM(f *testing.F) {
	f.Add(decoy([32]byte{}, "x").String())
	f.Add("SCRAM-SHA-256$4096:c29tZXNhbHQ=$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
	f.Add("SCRAM-SHA-256$+4096:c29tZXNhbHQ$MDEyM:MDEyM=")
	f.Add("SCRAM-SHA-256::$0::")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := parseSCRAM(s)
		if err != nil {
			return
		}
		if k.String() != s {
			t.Errorf("%q becomes %q", s, k)
		}
		if k.Iters < minIterations || k.Iters > maxIterations || len(k.StoredKey) != sumLen || len(k.Salt) == 0 {
			t.Errorf("%q is not safe", s)
		}
	})
}

func FuzzParseFingerprint(f *testing.F) {
	f.Add(Fingerprint{1, 2, 3}.String())
	f.Add("5F:EC:EB:66:FF:C8:6F:38:D9:52:78:6C:6D:69:6C:79:C2:DB:C2:39:DD:4E:91:B4:67:29:D7:3A:27:FB:57:E9")
	f.Add(":")
	f.Fuzz(func(t *testing.T, s string) {
		print, err := ParseFingerprint(s)
		if err != nil {
			return
		}
		if again, err := ParseFingerprint(print.String()); err != nil || again != print {
			t.Errorf("%q becomes %v, %v", s, again, err)
		}
	})
}

// The example of RFC 7677, section 3.
func TestSCRAMKeys(t *testing.T) {
	salt, err := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	if err != nil {
		t.Fatal(err)
	}
	k := deriveSCRAM("pencil", string(salt), 4096)
	want := "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
	if k.String() != want {
		t.Errorf("%s", k)
	}
	if newSCRAM("pencil").equal(newSCRAM("pencil")) {
		t.Error("salts repeat")
	}
	deriveSCRAM("a word \U0001FAE0 newer than SASLprep", "saltsalt", 4096)
}

func TestVerifier(t *testing.T) {
	v := newVerifier("correct horse")
	read, err := parseVerifier(v.String())
	if err != nil {
		t.Fatal(err)
	}
	if !read.verify("correct horse") || read.verify("correct horsf") || read.verify("") || !read.equal(v) {
		t.Error("a verifier that was read is another one")
	}
	if newVerifier("correct horse").equal(v) || newDummy().verify("") {
		t.Error("salts repeat, or a dummy accepts")
	}
	// The hash of another implementation, argon2-cffi.
	known := "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if v, err := parseVerifier(known); err != nil || !v.verify("password") {
		t.Errorf("the reference implementation's hash of \"password\": %v", err)
	}
}
