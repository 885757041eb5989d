package ircbus

import "strings"

// VendorDomain is the DNS domain under which the names of our own stand that
// IRC's extensions leave to vendors: of message tags, and of types of batches
// (ircv3.net/specs/extensions/message-tags, "Rules for naming message tags").
// docs/protocol.md, "Names of our own", lists them.
const VendorDomain = "ircbus.github.io"

// Names of our own on IRC. Those that begin with + clients may send, too.
const (
	TagEvent     = "+" + VendorDomain + "/event" // on readable lines: the packed event
	TagAt        = VendorDomain + "/at"          // the exact time of acceptance
	TagDuplicate = VendorDomain + "/duplicate"   // on an acknowledgement: the key was known
	TagLength    = "+" + VendorDomain + "/len"   // by publishers: how many bytes the text has
	BatchEntries = VendorDomain + "/entries"     // a type of batch: what a publisher was asked for
)

// oldVendor is under which the names stood before, without a domain.
const oldVendor = "ircbus"

// OldTag is the name that a tag of our own had before; programs that read what an
// older bus wrote look for it, too. It is never sent.
func OldTag(tag string) string { return strings.Replace(tag, VendorDomain, oldVendor, 1) }

// IsOwnTag reports whether the name of a tag, with + or without, is one that the
// bus alone gives meaning to, by its present name or an older one.
func IsOwnTag(name string) bool {
	vendor, _, _ := strings.Cut(strings.TrimPrefix(name, "+"), "/")
	return strings.EqualFold(vendor, VendorDomain) || strings.EqualFold(vendor, oldVendor)
}
