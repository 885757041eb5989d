package poll

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mediawiki"
)

// mediaWiki asks a MediaWiki's api.php for list=recentchanges.
type mediaWiki struct {
	publisher string
	maxBody   int
	site      mediawiki.Site // the zero Site until the wiki has told
}

// properties are what is asked of each change.
const properties = "ids|title|user|comment|flags|timestamp|sizes|loginfo|tags"

// maxLag is how many seconds the wiki's databases may be behind one another at
// most: beyond that it refuses, so that the bus does not add to the trouble.
const maxLag = "5"

// Of a wiki in which little happens more is asked for again: its job queue may be
// late, in which changes of categories wait.
const (
	askedAgain = 200 // changes
	maxOverlap = 24 * time.Hour
)

func (m *mediaWiki) since(p *place, now time.Time) time.Time {
	since, reach := p.before(now), p.reach(askedAgain)
	if earliest := since.Add(-maxOverlap); reach.Before(earliest) {
		reach = earliest
	}
	if reach.Before(since) {
		since = reach
	}
	return since
}

func (m *mediaWiki) question(p *place, since time.Time, more string) question {
	parameters, err := url.ParseQuery(more)
	if err != nil {
		parameters = url.Values{} // what ParseAnswer has encoded can be decoded
	}
	parameters.Set("rclimit", "max")
	parameters.Set("rcprop", properties)
	parameters.Set("rcdir", "older")
	if p.Known {
		parameters.Set("rcdir", "newer")
		parameters.Set("rcstart", since.Format(time.RFC3339))
	}
	return m.ask(p.URL, parameters)
}

// ask makes a question of what is asked for. Until the wiki has told, it is asked
// for what it is, too.
func (m *mediaWiki) ask(address string, parameters url.Values) question {
	parameters.Set("action", "query")
	parameters.Set("list", "recentchanges")
	parameters.Set("format", "json")
	parameters.Set("formatversion", "2")
	parameters.Set("maxlag", maxLag)
	if m.site.Wiki == "" {
		parameters.Set("meta", "siteinfo")
		parameters.Set("siprop", "general")
	}
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return question{url: address + separator + parameters.Encode()}
}

// busy are the codes by which the API says: later.
var busy = []string{"maxlag", "ratelimited", "readonly"}

func (m *mediaWiki) read(body []byte) (*answer, error) {
	told, err := mediawiki.ParseAnswer(body, m.site)
	if refusal, ok := errors.AsType[*mediawiki.APIError](err); ok && slices.Contains(busy, refusal.Code) {
		return nil, &busyError{error: err}
	}
	if err != nil {
		return nil, err
	}
	m.site = told.Site
	wiki := m.site.Describe(m.publisher)
	a := &answer{refused: told.Refused, more: told.More, wiki: &wiki}
	for _, c := range told.Changes {
		at, err := time.Parse(time.RFC3339, c.Fields.Get("time"))
		if err != nil || c.Fields.Get("rcid") == "" {
			a.refused = append(a.refused, ircbus.Refuse(ircbus.InvalidEvent, "a change has no time or no rcid"))
			continue
		}
		a.changes = append(a.changes, change{at, c.Fields})
	}
	return a, nil
}

// gap asks for the oldest change that the wiki still lists: it forgets them after
// $wgRCMaxAge, three months. That none is known says nothing, since those to a
// page go with the page.
func (m *mediaWiki) gap(ctx context.Context, ask ask, p *place, _ *answer) (bool, error) {
	body, err := ask(ctx, m.ask(p.URL, url.Values{"rcdir": {"newer"}, "rclimit": {"1"}, "rcprop": {properties}}))
	if err != nil {
		return false, err
	}
	a, err := m.read(body)
	if err != nil || len(a.changes) == 0 {
		return false, err
	}
	return a.changes[0].at.Unix() > p.Newest, nil
}
