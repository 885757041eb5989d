package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/account"
)

type accountListCmd struct{}

// Run prints all accounts.
func (*accountListCmd) Run(g *globals) error {
	store, err := g.openAccounts()
	if err != nil {
		return err
	}
	accounts, err := store.List()
	switch {
	case err != nil:
		return err
	case g.JSON:
		return printAccountsJSON(g.stdout, accounts)
	case len(accounts) == 0:
		g.tell("There are no accounts in %s: ircbus account add NAME --role publisher makes one.", g.Data)
		return nil
	}
	return printAccounts(g.stdout, accounts, time.Now())
}

func printAccounts(w io.Writer, accounts []account.Account, now time.Time) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tROLE\tPUBLISHES IN\tPASSWORD\tCREATED\tTOKENS\tCERTIFICATES")
	for _, a := range accounts {
		password := "no"
		if a.HasPassword {
			password = "yes"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.Name, a.Role, orDash(strings.Join(a.Feeds(), " ")),
			password, day(a.Created), orDash(tokenList(a.Tokens, now)), orDash(certificateList(a.Certificates)))
	}
	return table.Flush()
}

func tokenList(tokens []account.Token, now time.Time) string {
	var list []string
	for _, t := range tokens {
		text := t.ID
		if t.Scope != ircbus.ScopeAll {
			text += " to " + string(t.Scope)
		}
		switch {
		case t.Expires.IsZero():
		case now.Before(t.Expires):
			text += " until " + day(t.Expires)
		default:
			text += " expired " + day(t.Expires)
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

func certificateList(certificates []account.Certificate) string {
	var list []string
	for _, c := range certificates {
		list = append(list, c.Fingerprint.String())
	}
	return strings.Join(list, ", ")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// The form of account list --json.
type (
	jsonAccount struct {
		Name     string       `json:"name"`
		Role     account.Role `json:"role"`
		Channels []string     `json:"channels"` // in which it may publish
		Created  time.Time    `json:"created,omitzero"`
		Password bool         `json:"password"` // has one
		Tokens   []jsonToken  `json:"tokens"`

		Certificates []jsonCertificate `json:"certificates,omitempty"`
	}
	jsonCertificate struct {
		SHA256 string    `json:"sha256"`
		Added  time.Time `json:"added,omitzero"`
	}
	jsonToken struct {
		ID      string    `json:"id"`
		Created time.Time `json:"created,omitzero"`
		Expires time.Time `json:"expires,omitzero"`

		Scope ircbus.Scope `json:"scope,omitempty"`
	}
)

func printAccountsJSON(w io.Writer, accounts []account.Account) error {
	list := make([]jsonAccount, len(accounts))
	for i, a := range accounts {
		list[i] = jsonAccount{
			Name: a.Name, Role: a.Role, Channels: append([]string{}, a.Feeds()...),
			Created: a.Created, Password: a.HasPassword, Tokens: []jsonToken{},
		}
		for _, t := range a.Tokens {
			list[i].Tokens = append(list[i].Tokens, jsonToken(t))
		}
		for _, c := range a.Certificates {
			list[i].Certificates = append(list[i].Certificates, jsonCertificate{c.Fingerprint.String(), c.Added})
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(list)
}
