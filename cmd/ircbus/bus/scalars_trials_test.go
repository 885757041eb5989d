package bus

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mqtt"
)

// scalarTrial is how a door is tried by TestCaseC6.
type scalarTrial struct {
	inputs []trialInput
	places func(body string) []trialPlace
	path   string // of the requests, if it is one over HTTP
	page   string // in docs

	// again sends an input to a door that asks for it.
	again func(t *testing.T, trial *scalarTrial, body string, done chan []ircbus.Event)

	open    func(context.Context) (*opened, error) // the door, once more
	address string                                 // where it listens
	names   map[string]bool
}

// trialInput is one request, packet, line or document.
type trialInput struct{ headers, body string }

// configureAll opens all doors that there are.
func configureAll(t testing.TB, c *Config, feed *trialServer) {
	t.Helper()
	secrets := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(secrets, []byte("code sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.MediaWiki = MediaWiki{Listen: "127.0.0.1:0", Names: []string{"*"}}
	c.EventStreams = EventStreams{URL: feed.URL + "/stream", Names: []string{"*"}}
	c.Moin.SecretsFile, c.Forge.SecretsFile = secrets, secrets
	c.Irker = Irker{Listen: "127.0.0.1:0", Publisher: "irker"}
	c.Mail = Mail{HTTP: true, Publisher: "mail", Body: 1000, Publishers: map[string]string{"code": "code"}}
	c.SMTP.Listen = "127.0.0.1:0"
	c.MQTT = MQTT{Broker: "mqtt://127.0.0.1:1", Topics: []string{"#"}, Publisher: "mqtt"}
	c.Prism = Prism{HTTP: true, Publisher: "prism"}
	c.Alertmanager, c.CloudEvents, c.Incoming, c.Ping = WebDoor{true}, WebDoor{true}, WebDoor{true}, WebDoor{true}
	c.Ntfy.Open = true
	c.Syslog = Syslog{UDP: "127.0.0.1:0", Publisher: "syslog"}
	c.PSYC = PSYC{Listen: "127.0.0.1:0", Publisher: "psyc"}
	c.JSON = map[string]JSON{"any": {Fields: map[string]string{"page": "/a", "comment": "{{.b}}", "tag": "/tags", "key": "/key"}}}
	c.Poll = map[string]Poll{"feed": {URL: feed.URL + "/feed", Every: Age(time.Millisecond)}}
}

const changeOfAWiki = `{"$schema":"/mediawiki/recentchange/1.0.0","meta":{"uri":"https://w.example/A","domain":"w.example"},"id":5,"type":"edit","namespace":0,"title":"A","title_url":"https://w.example/A",` +
	`"comment":"c","timestamp":1767323045,"user":"Ann","bot":false,"notify_url":"https://w.example/d","minor":true,"patrolled":false,"length":{"old":1,"new":2},"revision":{"old":3,"new":4},` +
	`"server_url":"https://w.example","server_name":"w.example","server_script_path":"/w","wiki":"wiki","parsedcomment":"c"}`

// scalarTrials has every door of Config.doors by the first word of its name.
func scalarTrials(feed *trialServer) map[string]*scalarTrial {
	changes := []trialInput{{body: changeOfAWiki}, {body: `{"type":"log","wiki":"w","title":"A","user":"Ann","log_type":"move","log_action":"move","log_id":7,"log_action_comment":"moved","log_params":{"target":"B","list":[{"a":1},{"a":null}]}}`}}
	return map[string]*scalarTrial{
		"mediawiki":    {inputs: changes, places: jsonPlaces, page: "wiki.md"},
		"eventstreams": {inputs: changes, places: jsonPlaces, page: "wiki.md", again: feed.stream},
		"moin": {path: "/doors/moin/code", page: "doors/moin.md", places: textPlaces(`<name>([a-z_]+)</name>|<value><string>([^<]+)</string>`), inputs: []trialInput{{body: "<?xml version='1.0'?><methodCall><methodName>send_notification</methodName><params>" +
			"<param><value><string>sesame</string></value></param><param><value><array><data/></array></value></param><param><value><struct>" + member("action", "page_changed") +
			member("page_name", "A") + member("revision", "2") + member("editor", "Ann") + member("comment", "c") + member("more", "m") +
			"<member><name>list</name><value><array><data><value><string>l</string></value></data></array></value></member></struct></value></param></params></methodCall>"}}},
		"irker": {inputs: []trialInput{{body: `{"to":["irc://h/irker"],"privmsg":"proj: ann main:12 * a.c / : Fix it http://x.example","more":{"a":[1,"b"]}}`}}, places: jsonPlaces, page: "doors/irker.md"},
		"forge": {path: "/doors/forge/code", inputs: forgeInputs(), places: jsonPlaces, page: "doors/webhooks.md"},
		"mail":  {path: "/doors/mail", page: "doors/mail.md", places: textPlaces(`(?m)^[A-Za-z-]+: ([a-z]+)$|(?m)^body ([a-z]+)`), inputs: []trialInput{{body: "From: ann\nTo: bob\nSubject: hello\nX-Mailer: mutt\nList-Id: list\nReceived: here\n\nbody text\n"}}},
		"smtp":  {page: "doors/smtp.md", again: mailed, places: textPlaces(`(?m)^[A-Za-z-]+: ([a-z]+)$|(?m)^body ([a-z]+)`), inputs: []trialInput{{body: "From: ann\r\nTo: bob\r\nSubject: hello\r\nX-Mailer: mutt\r\n\r\nbody text\r\n"}}},
		"mqtt":  {page: "doors/mqtt.md", again: published, places: jsonPlaces, inputs: []trialInput{{body: `{"message":"m","n":1.5,"more":{"a":[1,"b"]}}`}}},
		"prism": {path: "/notification/send", page: "doors/twistedprism.md", places: jsonPlaces, inputs: []trialInput{{"Content-Type: application/json", `{"message":"m","users":[],"channels":["#x"],"key":"k","more":{"a":"b"}}`}}},
		"alertmanager": {path: "/doors/alertmanager", page: "doors/alertmanager.md", places: jsonPlaces, inputs: []trialInput{{body: `{"version":"4","groupKey":"g","truncatedAlerts":0,"status":"firing","receiver":"r","groupLabels":{"a":"x"},"commonLabels":{"a":"x"},"commonAnnotations":{},` +
			`"externalURL":"http://a.example","alerts":[{"status":"firing","labels":{"alertname":"Down","instance":"i"},"annotations":{"summary":"s","description":"d"},"startsAt":"2026-01-02T03:04:05Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://g.example","fingerprint":"f"}]}`}}},
		"cloudevents": {path: "/doors/cloudevents", page: "doors/cloudevents.md", places: jsonPlaces, inputs: []trialInput{{"Content-Type: application/cloudevents+json", `{"specversion":"1.0","type":"t","source":"s","id":"1","subject":"u","time":"2026-01-02T03:04:05Z","more":5,"data":{"message":"m","n":[1,{"a":"b"}]}}`}}},
		"incoming": {path: "/doors/incoming", page: "doors/incoming.md", places: jsonPlaces, inputs: []trialInput{
			{body: `{"text":"t","username":"u","channel":"c","attachments":[{"pretext":"p","title":"i","title_link":"http://t.example","text":"x","fallback":"f","fields":[{"title":"a","value":"b","short":true}],"color":"red"}],"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"hi"}}]}`},
			{body: `{"content":"c","username":"u","embeds":[{"title":"t","description":"d","url":"http://e.example","fields":[{"name":"n","value":"v","inline":true}]}]}`},
		}},
		"ntfy":   {path: "/", page: "doors/ntfy.md", places: jsonPlaces, inputs: []trialInput{{body: `{"topic":"t","message":"m","title":"i","tags":["a","b"],"priority":4,"click":"http://c.example","attach":"http://a.example","filename":"f","icon":"http://i.example","markdown":true,"actions":[{"action":"view","url":"http://v.example"}],"more":{"a":1}}`}}},
		"ping":   {path: "/doors/ping", page: "doors/ping.md", places: textPlaces(`<name>([a-z]+)</name>|<string>([^<]+)</string>`), inputs: []trialInput{{body: "<?xml version='1.0'?><methodCall><methodName>wiki.ping</methodName><params><param><value><struct>" + member("tag", "A") + member("url", "http://w.example") + member("wiki", "w") + member("author", "ann") + member("changelog", "c") + member("more", "m") + "</struct></value></param></params></methodCall>"}}},
		"syslog": {page: "doors/syslog.md", places: textPlaces(`[ "=\[<]([A-Za-z0-9][A-Za-z0-9@.:-]*)`), inputs: []trialInput{{body: `<34>1 2026-01-02T03:04:05Z host app 77 ID47 [ex@32473 iut="3" more="x"] text of it`}, {body: "<13>Feb  5 17:32:18 host app[123]: text of it"}}},
		"psyc":   {page: "doors/psyc.md", places: textPlaces("\t([a-z]+)\n"), inputs: []trialInput{{body: ".\n:_target\tpsyc://localhost/@wikinotify\n\n:_nick_wiki\tlynx\n:_article\tfoo\n:_page\tbar\n:_summary\tpacket\n:_more\tmore\n_notice_update_wiki\n(Wiki:[_nick_wiki]) has made a change\n.\n"}}},
		"json":   {path: "/doors/json/any", page: "doors/json.md", places: jsonPlaces, inputs: []trialInput{{body: `{"a":"x","b":{"c":"d"},"tags":["t",1,{"u":"v"}],"key":"k","more":[{"n":1,"m":null},{"n":2}],"id":"i"}`}}},
		"poll":   {page: "doors/polling.md", places: textPlaces(`<(?:title|dc:contributor|description|wiki:version|wiki:diff|link)>([a-z:/.0-9]+)</`), again: feed.poll, inputs: []trialInput{{body: feedOfAWiki}}},
	}
}

const feedOfAWiki = `<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wiki="http://purl.org/rss/1.0/modules/wiki/">` +
	`<item rdf:about="http://w.example/a"><title>page</title><link>http://w.example/a</link><dc:date>2026-01-02T03:04:05Z</dc:date><dc:contributor>ann</dc:contributor><description>comment</description><wiki:version>7</wiki:version><wiki:diff>http://w.example/d</wiki:diff></item></rdf:RDF>`

func member(name, value string) string {
	return "<member><name>" + name + "</name><value><string>" + value + "</string></value></member>"
}

// forgeInputs are the recorded deliveries of all forges.
func forgeInputs() (inputs []trialInput) {
	headers := map[string]string{"github": "X-GitHub-Event", "octokit": "X-GitHub-Event", "gitea": "X-Gitea-Event", "gitlab": "X-Gitlab-Event", "bitbucket": "X-Event-Key"}
	for _, forge := range sortedKeys(headers) {
		data, err := os.ReadFile("../../../publisher/forge/testdata/" + forge + ".jsonl")
		if err != nil {
			panic(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		for lines.Buffer(nil, 1<<20); lines.Scan(); {
			var line struct {
				Event string
				Body  json.RawMessage
			}
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				panic(err)
			}
			inputs = append(inputs, trialInput{headers[forge] + ": " + line.Event + "\nX-Gitlab-Token: sesame\nX-GitHub-Delivery: 1\nIdempotency-Key: 1", string(line.Body)})
		}
	}
	return inputs
}

// trialServer is what doors ask that ask others: a stream of events and a feed.
type trialServer struct {
	*httptest.Server
	events chan string
	feeds  chan string   // what is answered, one after the other
	asked  chan struct{} // somebody asks for more
	gone   chan struct{} // and has gone
}

func newTrialServer(t testing.TB) *trialServer {
	s := &trialServer{events: make(chan string), feeds: make(chan string, 2), asked: make(chan struct{}), gone: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for n := 0; ; n++ {
			w.(http.Flusher).Flush()
			select {
			case event := <-s.events:
				fmt.Fprintf(w, "event: message\nid: [{\"offset\":%d}]\ndata: %s\n\n", n, event)
			case <-r.Context().Done():
				return
			}
		}
	})
	mux.HandleFunc("/feed", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/rss+xml")
		select {
		case feed := <-s.feeds:
			w.Write([]byte(feed))
		default:
			s.asked <- struct{}{}
			<-r.Context().Done()
			s.gone <- struct{}{}
		}
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.CloseClientConnections)
	t.Cleanup(s.Close)
	return s
}

// mailed sends a mail to the address of a publisher.
func mailed(t *testing.T, trial *scalarTrial, body string, done chan []ircbus.Event) {
	t.Helper()
	if err := smtp.SendMail(trial.address, nil, "ann@example.org", []string{"code@example.org"}, []byte(body)); err != nil {
		done <- nil
	}
}

// published is what a message of a broker becomes. (TestMQTTDoor has a broker.)
func published(_ *testing.T, _ *scalarTrial, body string, done chan []ircbus.Event) {
	m := &mqtt.Message{Topic: "topic", Payload: []byte(body)}
	done <- []ircbus.Event{{Fields: m.Fields(0)}}
}

// stream sends an event to who follows.
func (s *trialServer) stream(t *testing.T, _ *scalarTrial, body string, _ chan []ircbus.Event) {
	s.events <- body
}

// poll opens the door anew, and lets it ask twice. The first answer is only
// remembered; what of the second is not stored when it asks again has been refused.
func (s *trialServer) poll(t *testing.T, trial *scalarTrial, body string, done chan []ircbus.Event) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.feeds <- strings.NewReplacer("2026-", "2025-", "/a<", "/older<", "/a\"", "/older\"", ">page<", ">older<", ">7<", ">6<").Replace(feedOfAWiki)
	s.feeds <- body
	open, err := trial.open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		open.source.Run(ctx)
	}()
	<-s.asked
	cancel()
	<-ended
	<-s.gone
	done <- nil
}
