package bus

import (
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
)

// quietForges are the events that readable channels leave out unless the
// configuration says otherwise: of the webhooks of forges what happens all the time
// and tells little, and a build before it has a result (docs/doors/webhooks.md).
var quietForges = []string{
	"star/*", "watch/*", "label/*", "*/labeled", "*/unlabeled", "*/label_updated", "*/label_cleared",
	"state=pending&state=running&action=workflow_*&action=check_*&action=status*&action=*commit_status_*&action=pipeline*&action=build*&action=job*&action=deployment*&action=page_build*",
	"workflow_*/queued", "workflow_*/in_progress", "workflow_*/waiting", "*_run/requested", "check_suite/requested",
}

// quietMediaWiki are the changes that MediaWiki does not send to IRC: those of
// categories, and those of another wiki's pages (RC_CATEGORIZE, RC_EXTERNAL).
// Programs that read its lines there would not know what else to make of them.
var quietMediaWiki = []string{"categorize", "external"}

// quietOf returns what the readable channel of a section leaves out; nil for
// nothing. Each entry is a filter as of a view, or, without "=", a pattern of the
// field action. The style is that of the channel's lines.
func quietOf(section Publisher, style string) (func(ircbus.Fields) bool, error) {
	entries := section.Quiet
	if entries == nil {
		entries = quietForges
		if strings.HasPrefix(style, "mediawiki") {
			entries = slices.Concat(entries, quietMediaWiki)
		}
	}
	filters := make([]ircbus.Filter, len(entries))
	for i, entry := range entries {
		if !strings.Contains(entry, "=") {
			entry = "action=" + entry
		}
		var err error
		if filters[i], err = ircbus.ParseFilter(entry); err != nil {
			return nil, err
		}
	}
	if len(filters) == 0 {
		return nil, nil
	}
	return func(fields ircbus.Fields) bool {
		for _, filter := range filters {
			if filter.Match(fields) {
				return true
			}
		}
		return false
	}, nil
}
