package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/account"
)

type accountCertCmd struct {
	Name        string `arg:"" help:"Name of the account."`
	Fingerprint string `arg:"" optional:"" help:"The certificate's SHA-256, 64 hexadecimal digits, with or without colons."`
	File        string `placeholder:"FILE" help:"Instead, the certificate itself (PEM)."`
	Remove      bool   `help:"Do not let the certificate in any more."`
}

// Run adds or removes a client certificate.
func (c *accountCertCmd) Run(g *globals) error {
	fingerprint, err := c.fingerprint()
	if err != nil {
		return err
	}
	store, a, err := g.openAccount(c.Name)
	if err != nil {
		return err
	}
	if c.Remove {
		if err := store.RemoveCertificate(a.Name, fingerprint); err != nil {
			return err
		}
		g.tell("The certificate %.8s… of %s is not good any more.", fingerprint, a.Name)
		return nil
	}
	if err := store.AddCertificate(a.Name, fingerprint); err != nil {
		return err
	}
	g.tell("%s can log in by SASL EXTERNAL with the certificate %.8s….", a.Name, fingerprint)
	return nil
}

func (c *accountCertCmd) fingerprint() (account.Fingerprint, error) {
	switch {
	case c.File == "" && c.Fingerprint == "":
		return account.Fingerprint{}, usagef("the certificate is missing: give its fingerprint, or its file with --file")
	case c.File != "" && c.Fingerprint != "":
		return account.Fingerprint{}, usagef("a fingerprint and --file are given: one of them must go")
	case c.File != "":
		return fileFingerprint(c.File)
	}
	fingerprint, err := account.ParseFingerprint(c.Fingerprint)
	if err != nil {
		return fingerprint, usagef("%v", err)
	}
	return fingerprint, nil
}

// fileFingerprint is that of the first certificate in a PEM file, which may hold a
// key, too.
func fileFingerprint(path string) (account.Fingerprint, error) {
	rest, err := ircbus.ReadTextFile(path)
	if err != nil {
		return account.Fingerprint{}, fmt.Errorf("the certificate cannot be read: %w", err)
	}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return account.Fingerprint{}, fmt.Errorf("there is no certificate in %s: it must be PEM", path)
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return account.Fingerprint{}, fmt.Errorf("the certificate in %s is broken: %w", path, err)
		}
		return sha256.Sum256(block.Bytes), nil
	}
}
