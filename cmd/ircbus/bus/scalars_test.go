package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

// TestCaseC6: every scalar of the input of every door is in the event, or in
// "omitted", or in the list of the door's page of what events leave out. Each value
// of each input is replaced by words and numbers that are nowhere else, and each
// object gets more members. The doors are those of the bus's own list.
func TestCaseC6(t *testing.T) {
	for _, at := range openAll(t) {
		t.Run(at.name, func(t *testing.T) {
			for i, input := range at.trial.inputs {
				if len(at.send(t, input)) == 0 {
					t.Errorf("%.300s is refused", input.body)
				}
				for n, p := range at.trial.places(input.body) {
					if testing.Short() && (n+i)%5 > 0 {
						continue
					}
					for how := range p.ways {
						at.try(t, input, p, how, fmt.Sprintf("zq%dx%dx%d", i, n, how))
					}
				}
			}
		})
	}
}

// FuzzScalars is TestCaseC6 with any value at any place of any door's inputs.
func FuzzScalars(f *testing.F) {
	doors := openAll(f)
	for i := range doors {
		f.Add(uint8(i), uint8(i), uint16(7*i), uint8(i), "zqvalue")
	}
	f.Fuzz(func(t *testing.T, which, input uint8, place uint16, how uint8, word string) {
		at := doors[int(which)%len(doors)]
		in := at.trial.inputs[int(input)%len(at.trial.inputs)]
		places := at.trial.places(in.body)
		if len(places) == 0 {
			return
		}
		p := places[int(place)%len(places)]
		at.try(t, in, p, int(how)%p.ways, "zq"+plainWord.ReplaceAllString(word, "")+"qz")
	})
}

// plainWord is what words have that no format reads in another way.
var plainWord = regexp.MustCompile(`[^a-z0-9]|.{40,}`)

// openDoorTrial is a door that is open for a trial.
type openDoorTrial struct {
	name  string
	trial *scalarTrial
	open  *opened
	done  chan []ircbus.Event // what an input became; nil if it was refused
}

// openAll opens every door of the bus's own list. A new door has to say in
// scalarTrials how it is tried.
func openAll(t testing.TB) (all []*openDoorTrial) {
	c := quiet(t)
	feed := newTrialServer(t)
	configureAll(t, &c, feed)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	trials := scalarTrials(feed)
	for _, d := range c.doors() {
		kind, _, _ := strings.Cut(d.name, ".")
		trial := trials[kind]
		if trial == nil {
			t.Errorf("the door %s is not tried: scalarTrials must have inputs for it", d.name)
			continue
		}
		at := &openDoorTrial{name: d.name, trial: trial, done: make(chan []ircbus.Event, 64)}
		open, err := d.section.open(ctx, door.New(d.name, at.bus()))
		if err != nil || open == nil {
			t.Fatalf("%s: %v, %v", d.name, open, err)
		}
		if at.open = open; open.source != nil && kind != "poll" && kind != "mqtt" {
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				open.source.Run(ctx)
			}()
			t.Cleanup(func() { cancel(); <-ended })
		}
		_, trial.address, _ = strings.Cut(open.listens[0], " ")
		trial.open = func(ctx context.Context) (*opened, error) {
			os.Remove(filepath.Join(c.Data, pollFile("feed"))) // what it knows from before
			return d.section.open(ctx, door.New(d.name, at.bus()))
		}
		all = append(all, at)
	}
	return all
}

// bus is what the door gets: a log that hands over what is appended.
func (at *openDoorTrial) bus() door.Bus {
	id := ircbus.ID(0)
	return door.Bus{
		Append: func(_ context.Context, events []ircbus.Event) ([]ircbus.Receipt, error) {
			receipts := make([]ircbus.Receipt, len(events))
			for i := range receipts {
				id++
				receipts[i].ID = id
			}
			at.done <- slices.Clone(events)
			return receipts, nil
		},
		Ensure: func(_ context.Context, w ircbus.Wiki) (string, string, error) {
			return w.Publisher, "#" + w.Publisher, nil
		},
		AddChannels: func(string, []string) error { return nil },
		Feed:        func(_, channel string) (string, error) { return cmp.Or(channel, "#any"), nil },
		Keyed:       func(context.Context, string, string) (ircbus.Event, bool, error) { return ircbus.Event{}, false, nil },
		Person:      func(string) (string, error) { return "", ircbus.Refuse(ircbus.NotPublisher, "there are no people") },
		Notify:      func(context.Context, ircbus.Memo) error { return nil },
		Slowly:      func(_, _ string, _ netip.Addr, look func() bool) error { look(); return nil },
		Account:     func(*http.Request) (string, error) { return "code", nil },
		Refused:     func(ircbus.Code) { at.done <- nil },
		Log:         slog.New(slog.DiscardHandler),
	}
}

// try sends an input with a word in one place, and looks for it.
func (at *openDoorTrial) try(t *testing.T, in trialInput, p trialPlace, how int, word string) {
	t.Helper()
	if how == wayNumber {
		word = numberFor(word)
	}
	body := p.with(how, word)
	events := at.send(t, trialInput{in.headers, body})
	if len(events) == 0 {
		return // refused, or nothing for the bus
	}
	var all strings.Builder
	for _, e := range events {
		if e.Fields.Has("omitted") || e.Fields.Has("cut") {
			return
		}
		for _, f := range e.Fields {
			all.WriteString(f.Key + "=" + f.Value + "\n")
		}
	}
	if strings.Contains(all.String(), word) {
		return
	}
	if how == wayNumber && strings.HasPrefix(p.name, "time") {
		return // a time in another form
	}
	for _, part := range strings.Split(p.name, ".") {
		if at.trial.leftOut()[part] {
			return
		}
	}
	t.Errorf("%s of %.3000s is lost:\n%s", p.name, body, all.String())
}

func numberFor(word string) string {
	return fmt.Sprintf("7%09d", len(word)*1_000_003+int(word[len(word)-1]))
}

// send hands an input to the door and returns what became of it.
func (at *openDoorTrial) send(t *testing.T, in trialInput) []ircbus.Event {
	t.Helper()
	for len(at.done) > 0 {
		<-at.done
	}
	switch {
	case at.trial.again != nil:
		at.trial.again(t, at.trial, in.body, at.done)
	case at.trial.path != "":
		at.post(in)
		select {
		case events := <-at.done:
			return events
		default:
			return nil
		}
	default:
		network, address, _ := strings.Cut(at.open.listens[0], " ")
		conn, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.Write([]byte(in.body))
		if conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case events := <-at.done:
		return events
	case <-time.After(patience):
		t.Fatalf("%s says nothing to %s", at.name, in.body)
		return nil
	}
}

// post sends an input over HTTP.
func (at *openDoorTrial) post(in trialInput) {
	r := httptest.NewRequest(http.MethodPost, at.trial.path, strings.NewReader(in.body))
	r.RemoteAddr = "127.0.0.1:1"
	r.SetPathValue("publisher", "code")
	for header := range strings.Lines(in.headers) {
		name, value, _ := strings.Cut(strings.TrimSpace(header), ": ")
		r.Header.Set(name, value)
	}
	at.open.routes[0].Serve(httptest.NewRecorder(), r) // an error is a refusal
}

// leftOut are the names in the part of the door's page that begins "What events
// leave out" and goes to the next heading or to the end of its paragraph and table.
func (tr *scalarTrial) leftOut() map[string]bool {
	if tr.names == nil {
		tr.names = map[string]bool{}
		page, err := os.ReadFile(filepath.Join("../../../docs", tr.page))
		if err != nil {
			panic(err)
		}
		_, part, _ := strings.Cut(string(page), "**What events leave out**")
		part, _, _ = strings.Cut(part, "\n\n**")
		part, _, _ = strings.Cut(part, "\n#")
		for _, quoted := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(part, -1) {
			tr.names[quoted[1]] = true
		}
	}
	return tr.names
}

// trialPlace is a place of an input.
type trialPlace struct {
	name string // of JSON, with dots
	ways int
	with func(how int, word string) string // the input with the word there
}

const wayNumber = 1

// jsonPlaces are the scalars of JSON, which become a text or a number, and its
// objects, which get more members.
func jsonPlaces(body string) (places []trialPlace) {
	var root any
	if err := json.Unmarshal([]byte(body), &root); err != nil {
		panic(err)
	}
	text := func() string {
		b, err := json.Marshal(root)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	var walk func(name string, v any, set func(any))
	walk = func(name string, v any, set func(any)) {
		switch v := v.(type) {
		case map[string]any:
			places = append(places, trialPlace{strings.TrimPrefix(name+".zz", "."), 3, func(how int, word string) string {
				defer delete(v, "zz")
				v["zz"] = []any{word, json.Number(word), map[string]any{"yy": []any{word}}}[how]
				return text()
			}})
			for _, key := range sortedKeys(v) {
				walk(strings.TrimPrefix(name+"."+key, "."), v[key], func(x any) { v[key] = x })
			}
		case []any:
			for i := range v {
				walk(name, v[i], func(x any) { v[i] = x })
			}
		default:
			places = append(places, trialPlace{name, 3, func(how int, word string) string {
				defer set(v)
				set([]any{word, json.Number(word), map[string]any{"yy": word}}[how])
				return text()
			}})
		}
	}
	walk("", root, nil)
	return places
}

// textPlaces are the parts of a text that a pattern's groups find.
func textPlaces(pattern string) func(string) []trialPlace {
	find := regexp.MustCompile(pattern)
	return func(body string) (places []trialPlace) {
		for _, at := range find.FindAllStringSubmatchIndex(body, -1) {
			group := at[2:4]
			if group[0] < 0 { // the other alternative
				group = at[4:6]
			}
			name := body[at[0]:group[0]]
			places = append(places, trialPlace{strings.Trim(name, " :<>\t\n"), 1, func(_ int, word string) string {
				return body[:group[0]] + word + body[group[1]:]
			}})
		}
		return places
	}
}
