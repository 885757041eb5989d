package account

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/ircbus/ircbus"
)

// The file's form.
type (
	fileBook struct {
		Version  int           `json:"version"`
		Decoys   string        `json:"decoy_key,omitempty"`
		Accounts []fileAccount `json:"accounts"`
	}
	fileAccount struct {
		Name     string      `json:"name"`
		Role     Role        `json:"role"`
		Channels []string    `json:"channels,omitempty"`
		Created  time.Time   `json:"created,omitzero"`
		Password string      `json:"password,omitempty"`
		SCRAM    string      `json:"scram,omitempty"`
		Tokens   []fileToken `json:"tokens,omitempty"`

		Certificates []fileCertificate `json:"certificates,omitempty"`
	}
	fileToken struct {
		SHA256  string    `json:"sha256"`
		Created time.Time `json:"created,omitzero"`
		Expires time.Time `json:"expires,omitzero"`

		Scope ircbus.Scope `json:"scope,omitempty"`
	}
	fileCertificate struct {
		SHA256 string    `json:"sha256"`
		Added  time.Time `json:"added,omitzero"`
	}
)

// encode writes what decode reads.
func (b *book) encode() ([]byte, error) {
	file := fileBook{Version: fileVersion, Accounts: make([]fileAccount, len(b.records))}
	if b.decoys != ([32]byte{}) {
		file.Decoys = hex.EncodeToString(b.decoys[:])
	}
	for i, r := range b.records {
		file.Accounts[i] = r.file()
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(file)
	return buf.Bytes(), err
}

func (r *record) file() fileAccount {
	a := fileAccount{Name: r.name, Role: r.role, Channels: r.channels, Created: r.created}
	if r.password != nil {
		a.Password = r.password.String()
	}
	if r.scram != nil {
		a.SCRAM = r.scram.String()
	}
	for _, c := range r.certificates {
		a.Certificates = append(a.Certificates, fileCertificate{SHA256: c.Fingerprint.String(), Added: c.Added})
	}
	for _, t := range r.tokens {
		a.Tokens = append(a.Tokens, fileToken{SHA256: hex.EncodeToString(t.sum[:]), Created: t.created, Expires: t.expires, Scope: t.scope})
	}
	return a
}
