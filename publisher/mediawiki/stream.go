package mediawiki

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ircbus/ircbus/publisher"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/mapping"
	"github.com/ircbus/ircbus/publisher/webclient"
)

// StreamConfig says which stream a Stream follows and what it takes.
type StreamConfig struct {
	URL       string   // of the stream, as in https://stream.wikimedia.org/v2/stream/recentchange
	Names     []string // patterns (path.Match) of the wikis whose changes are taken; others are passed over
	UserAgent string   // Wikimedia wants an address in it

	// Load returns the id of the stream's event up to which everything is
	// stored; "" if there is none. Save keeps one.
	Load func() (string, error)
	Save func(id string) error
}

// Stream follows Wikimedia's EventStreams, or another stream of Server-Sent
// Events whose data are MediaWiki's JSON. It resumes where it was: what is sent
// twice then has the same key and is one event. Events that Wikimedia sends to
// watch its own stream (meta.domain "canary") are dropped.
type Stream struct {
	intake
	cfg    StreamConfig
	client *http.Client
	name   string // of the stream in reports, without a password
	id     string // up to which everything is stored; owned by Run
	saved  time.Time
}

var _ publisher.Source = (*Stream)(nil)

// NewStream checks the configuration. Run connects.
func NewStream(in *door.Inlet, cfg StreamConfig) (*Stream, error) {
	taking, err := newIntake(in, cfg.Names, "")
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is not the address of a stream, such as https://stream.wikimedia.org/v2/stream/recentchange", cfg.URL)
	}
	s := &Stream{intake: taking, cfg: cfg, name: u.Redacted(), client: &http.Client{Transport: webclient.Transport(), CheckRedirect: webclient.StayOnHost}}
	s.id, err = cfg.Load()
	return s, err
}

const (
	silence     = time.Minute // after which a stream that sends not even a comment is dead
	firstPause  = time.Second // between two tries to connect
	lastPause   = time.Minute
	saveEvery   = time.Second // how often the place in the stream is kept
	takeAtOnce  = 500         // events that are stored together
	maxErrorLen = 4096        // of an answer that is no stream
)

// Run follows the stream until ctx ends, and returns nil then. It is called once.
func (s *Stream) Run(ctx context.Context) error {
	for pause := firstPause; ; {
		before := s.id
		wait, err := s.follow(ctx)
		if ctx.Err() != nil {
			return s.save()
		}
		s.in.Trouble("the stream has ended, it will be resumed", err)
		if s.id != before { // it is not down
			pause = firstPause
		}
		select {
		case <-time.After(max(wait, pause/2+rand.N(pause))):
		case <-ctx.Done():
			return s.save()
		}
		pause = min(2*pause, lastPause)
	}
}

// follow takes what comes on one connection. It always returns an error, and how
// long the server wants to be left alone.
func (s *Stream) follow(ctx context.Context) (wait time.Duration, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(silence, func() { cancel(errors.New("nothing came for a minute")) })
	defer watchdog.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.cfg.URL, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("User-Agent", s.cfg.UserAgent)
	if s.id != "" {
		request.Header.Set("Last-Event-ID", s.id)
	}
	if request.URL.User != nil {
		if err := webclient.CheckSecret(request.URL); err != nil {
			return 0, err
		}
	}
	response, err := s.client.Do(request)
	if err != nil {
		return 0, cause(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return s.refusedBy(response)
	}
	storing, stop := door.Draining(ctx)
	defer stop()
	wait, err = s.takeAll(storing, alive{response.Body, watchdog})
	return wait, cause(ctx, err)
}

// cause is why ctx has ended, if that is behind the error.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// refusedBy is what an answer says that is no stream. A place that the server
// does not know any more is given up: what was in between is lost, and the log
// says so.
func (s *Stream) refusedBy(response *http.Response) (wait time.Duration, err error) {
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorLen))
	err = fmt.Errorf("the server answers %s: %.200s", response.Status, text)
	if s.id != "" && (response.StatusCode == http.StatusBadRequest || response.StatusCode == http.StatusGone) {
		s.in.Log.Error("the stream cannot be resumed where it was: changes in between are missing", "place", s.id, "err", err)
		s.id = ""
	}
	if seconds, bad := strconv.Atoi(response.Header.Get("Retry-After")); bad == nil {
		wait = time.Duration(min(seconds, 3600)) * time.Second
	}
	return wait, err
}

// alive puts the watchdog off with every read.
type alive struct {
	io.Reader
	watchdog *time.Timer
}

func (a alive) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if n > 0 {
		a.watchdog.Reset(silence)
	}
	return n, err
}

// takeAll stores what comes, as much as is there at a time, and moves on the
// place after that. While the store is away it does not read: the server waits.
func (s *Stream) takeAll(ctx context.Context, body io.Reader) (retry time.Duration, err error) {
	var batch []door.Input
	place := s.id
	store := func() {
		s.keep(ctx, batch, place)
		batch = batch[:0]
	}
	defer store()
	stream := newEvents(body, store)
	stream.id = s.id
	for {
		m, err := stream.next()
		if err != nil {
			return stream.retry, err
		}
		place = m.id
		if m.kind == "error" {
			s.in.Trouble("the stream tells of an error", errors.New(string(m.data)))
		} else if s.wanted(m.data) {
			s.in.Received(1)
			if input, ok := s.take(ctx, s.name, m.data); ok {
				batch = append(batch, input)
			}
		}
		if len(batch) == takeAtOnce {
			store()
		}
	}
}

// wanted passes over what is not for us: other wikis, and Wikimedia's own tests.
// What cannot be read is wanted, so that it is refused with a reason.
func (s *Stream) wanted(data []byte) bool {
	about, err := mapping.Read(data)
	if err != nil {
		return true
	}
	return about.Text("meta", "domain") != "canary" && s.allows(cmp.Or(about.Text("wiki_id"), about.Text("database"), about.Text("wiki")))
}

// keep stores a batch and notes how far that is, unless ctx ends first.
func (s *Stream) keep(ctx context.Context, batch []door.Input, id string) {
	if id == s.id && len(batch) == 0 {
		return
	}
	s.in.Keep(ctx, batch...)
	if ctx.Err() != nil {
		return
	}
	s.id = id
	if time.Since(s.saved) >= saveEvery {
		if err := s.save(); err != nil {
			s.in.Trouble("the place in the stream cannot be kept", err)
		}
	}
}

// save keeps the place in the stream.
func (s *Stream) save() error {
	s.saved = time.Now()
	return s.cfg.Save(s.id)
}
