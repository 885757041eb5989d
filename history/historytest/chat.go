package historytest

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// ChatStore is a store that keeps what people say.
type ChatStore interface {
	history.Chat

	// Writable returns nil, or why the last write failed; it recovers by itself.
	Writable() error
	// Close stores what was queued.
	Close() error
}

// ChatHarness is how RunChat gets at the store that it checks.
type ChatHarness struct {
	// Open opens the store, empty at first and later with what was stored before.
	// It must use the clock.
	Open func(now func() time.Time) (ChatStore, error)

	// Fail makes every larger write to an open store fail, until mend is called.
	Fail func(t *testing.T, s ChatStore) (mend func())
}

// RunChat checks a store of messages that start makes anew for every test.
func RunChat(t *testing.T, start func(t *testing.T) ChatHarness) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *chatBench)
	}{
		{"Whole", testChatWhole},
		{"Query", testChatQuery},
		{"Private", testChatPrivate},
		{"Closed", testChatClosed},
		{"Last", testChatLast},
		{"Conversations", testChatConversations},
		{"Retention", testChatRetention},
		{"Forget", testChatForget},
		{"Retract", testChatRetract},
		{"Failure", testChatFailure},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := &chatBench{ChatHarness: start(t)}
			b.clock.set(chatDay)
			test.run(t, b)
		})
	}
}

var chatDay = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

type chatBench struct {
	ChatHarness
	clock clock
}

func (b *chatBench) open(t *testing.T) ChatStore {
	t.Helper()
	s, err := b.Open(b.clock.now)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// said makes a message whose msgid is its text, n seconds into the day.
func said(owner, target, text string, n int) ircbus.Message {
	return ircbus.Message{
		Owner: owner, Target: target, At: chatDay.Add(time.Duration(n) * time.Second), MsgID: text,
		Source: "al!~al@192.0.2.7", Account: "al", Command: "PRIVMSG", Params: []string{target, text},
	}
}

// texts are the msgids of what q asks for.
func texts(t *testing.T, s ChatStore, q ircbus.MessageQuery) string {
	t.Helper()
	var got []string
	err := s.Messages(t.Context(), q, func(m *ircbus.Message) error {
		got = append(got, m.MsgID)
		return nil
	})
	if err != nil {
		t.Fatalf("Messages(%+v): %v", q, err)
	}
	return strings.Join(got, " ")
}

func testChatWhole(t *testing.T, b *chatBench) {
	s := b.open(t)
	full := ircbus.Message{
		Target: "#Talk", At: chatDay.Add(123456 * time.Microsecond), MsgID: "m1", Source: "al!~al@192.0.2.7", Account: "al",
		Command: "TAGMSG", Params: []string{"#Talk", "", "שלום <&> \"x\"\x01\\"}, Tags: `+a=b\:c;+d`, Bot: true, Closed: true,
	}
	s.Keep(full)
	s.Keep(ircbus.Message{Target: "#talk", At: chatDay.Add(time.Second), MsgID: "m2", Source: "x", Command: "QUIT", Params: []string{}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = b.open(t)
	var got []ircbus.Message
	for range 2 {
		err := s.Messages(t.Context(), ircbus.MessageQuery{Target: "#TALK", Limit: 1}, func(m *ircbus.Message) error {
			got = append(got, *m)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	full.ID = 1
	if diff := cmp.Diff([]ircbus.Message{full, full}, got); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
	s.Keep(said("", "#talk", "m3", 2))
	if got := texts(t, s, ircbus.MessageQuery{Target: "#talk"}); got != "m1 m2 m3" {
		t.Errorf("what was kept after the restart: %s", got)
	}
	if err := s.Messages(t.Context(), ircbus.MessageQuery{Target: "#talk"}, func(*ircbus.Message) error { return errStop }); !errors.Is(err, errStop) {
		t.Errorf("fn's error came back as %v", err)
	}
}

var errStop = errors.New("enough")

func testChatQuery(t *testing.T, b *chatBench) {
	s := b.open(t)
	for i, text := range []string{"a", "b", "c", "d", "e", "f"} { // c, d and e at one time
		s.Keep(said("", "#talk", text, []int{0, 1, 2, 2, 2, 3}[i]))
		s.Keep(said("", "#other", text, i))
	}
	join := said("", "#talk", "j", 4)
	join.Command = "JOIN"
	s.Keep(join)
	place := func(text string) ircbus.Place {
		t.Helper()
		p, found, err := s.Place(t.Context(), "", "#talk", text)
		if err != nil || !found {
			t.Fatalf("Place(%s): %v, %v", text, found, err)
		}
		return p
	}
	second := func(n int) time.Time { return chatDay.Add(time.Duration(n) * time.Second) }
	for _, test := range []struct {
		q    ircbus.MessageQuery
		want string
	}{
		{ircbus.MessageQuery{}, "a b c d e f j"},
		{ircbus.MessageQuery{Texts: true, Desc: true}, "f e d c b a"},
		{ircbus.MessageQuery{Limit: 2, Desc: true}, "j f"},
		{ircbus.MessageQuery{After: place("d")}, "e f j"},
		{ircbus.MessageQuery{Before: place("d")}, "a b c"},
		{ircbus.MessageQuery{Before: place("d"), Desc: true, Limit: 2}, "c b"},
		{ircbus.MessageQuery{After: place("b"), Before: place("f"), Limit: 2}, "c d"},
		{ircbus.MessageQuery{After: place("f"), Before: place("b")}, ""},
		{ircbus.MessageQuery{After: ircbus.Place{At: second(2), ID: math.MaxUint64}}, "f j"},
		{ircbus.MessageQuery{Before: ircbus.Place{At: second(2)}}, "a b"},
		{ircbus.MessageQuery{Since: second(3)}, "f j"},
		{ircbus.MessageQuery{Last: place("d").ID}, "a b c d"},
	} {
		test.q.Target = "#talk"
		if got := texts(t, s, test.q); got != test.want {
			t.Errorf("%+v: %q, want %q", test.q, got, test.want)
		}
	}
	if _, found, err := s.Place(t.Context(), "", "#talk", "x"); found || err != nil {
		t.Errorf("the place of an unknown message: %v, %v", found, err)
	}
}

// testChatPrivate asks for what belongs to somebody else.
func testChatPrivate(t *testing.T, b *chatBench) {
	s := b.open(t)
	s.Keep(said("al", "bo", "hidden", 0))
	s.Keep(said("bo", "al", "hidden", 0))
	s.Keep(said("", "#talk", "open", 0))
	for _, q := range []ircbus.MessageQuery{
		{Owner: "cy", Target: "al"}, {Owner: "al", Target: "cy"}, {Target: "al"}, {Target: "bo"}, {Owner: "al", Target: "#talk"}, {Owner: "", Target: ""},
	} {
		if got := texts(t, s, q); got != "" {
			t.Errorf("%+v: %s", q, got)
		}
		if _, found, err := s.Place(t.Context(), q.Owner, q.Target, "hidden"); found || err != nil {
			t.Errorf("the place of another's message: %v, %v", found, err)
		}
	}
	if got := texts(t, s, ircbus.MessageQuery{Owner: "AL", Target: "Bo"}); got != "hidden" {
		t.Errorf("one's own: %q", got)
	}
}

func testChatClosed(t *testing.T, b *chatBench) {
	s := b.open(t)
	for i, text := range []string{"open", "closed", "now"} {
		m := said("", "#talk", text, i)
		m.Closed = text != "open"
		s.Keep(m)
	}
	if got := texts(t, s, ircbus.MessageQuery{Target: "#talk", Opened: chatDay.Add(2 * time.Second)}); got != "open now" {
		t.Errorf("in the channel made anew: %q", got)
	}
}

// testChatLast asks at once for everything up to a message that came in the
// middle of many.
func testChatLast(t *testing.T, b *chatBench) {
	s := b.open(t)
	noise := func() {
		for range 700 {
			s.Keep(said("", "#noise", "noise", 0))
		}
	}
	for i := range 5 {
		noise()
		s.Keep(said("", "#talk", fmt.Sprint(i), i))
		last := s.Last()
		noise()
		s.Keep(said("", "#talk", "after", i))
		if got := texts(t, s, ircbus.MessageQuery{Target: "#talk", Last: last, Desc: true, Limit: 1}); got != fmt.Sprint(i) {
			t.Errorf("the last of %d is %q", i, got)
		}
	}
}

func testChatConversations(t *testing.T, b *chatBench) {
	s := b.open(t)
	for i, with := range []string{"bo", "Cy", "bo", "Dan", "eve"} {
		s.Keep(said("al", with, fmt.Sprint(i), i))
	}
	typing := said("al", "bo", "typing", 9)
	typing.Command = "TAGMSG"
	s.Keep(typing)
	s.Keep(said("zoe", "bo", "other", 7))
	s.Keep(said("", "#talk", "open", 7))
	far := chatDay.AddDate(100, 0, 0)
	for _, test := range []struct {
		from, to int
		limit    int
		desc     bool
		want     string
	}{
		{0, 100, 10, false, "Cy bo Dan eve"},
		{0, 100, 2, false, "Cy bo"},
		{0, 100, 2, true, "eve Dan"},
		{2, 4, 10, false, "bo Dan"},
	} {
		from, to := chatDay.Add(time.Duration(test.from)*time.Second), chatDay.Add(time.Duration(test.to)*time.Second)
		got, err := s.Conversations(t.Context(), "AL", from, to, test.limit, test.desc)
		var names []string
		for _, c := range got {
			names = append(names, c.With)
		}
		if strings.Join(names, " ") != test.want || err != nil {
			t.Errorf("%+v: %v, %v", test, names, err)
		}
	}
	if got, err := s.Conversations(t.Context(), "nobody", time.Time{}, far, 10, false); len(got) > 0 || err != nil {
		t.Errorf("somebody without conversations: %v, %v", got, err)
	}
}

func testChatRetention(t *testing.T, b *chatBench) {
	s := b.open(t)
	for i := range 1200 {
		s.Keep(said("", "#talk", fmt.Sprint(i), i))
		if i%2 == 0 {
			s.Keep(said("al", "bo", fmt.Sprint("p", i), i))
		}
	}
	b.clock.set(chatDay.Add(time.Hour))
	for _, test := range []struct {
		rule          history.ChatRetention
		removed       int
		talk, private int // what remains
	}{
		{history.ChatRetention{}, 0, 1200, 600},
		{history.ChatRetention{MaxAge: time.Hour - 100*time.Second}, 150, 1100, 550},
		{history.ChatRetention{MaxCount: 540}, 570, 540, 540},
		{history.ChatRetention{MaxTotal: 600}, 480, 0, 0},
		{history.ChatRetention{MaxAge: time.Second, MaxCount: 1, MaxTotal: 1}, 600, 0, 0},
	} {
		n, err := s.RetainChat(t.Context(), test.rule)
		if n != test.removed || err != nil {
			t.Errorf("%+v removed %d, %v", test.rule, n, err)
		}
		talk := len(strings.Fields(texts(t, s, ircbus.MessageQuery{Target: "#talk"})))
		private := len(strings.Fields(texts(t, s, ircbus.MessageQuery{Owner: "al", Target: "bo"})))
		if test.talk > 0 && (talk != test.talk || private != test.private) {
			t.Errorf("%+v left %d and %d", test.rule, talk, private)
		}
	}
}

func testChatForget(t *testing.T, b *chatBench) {
	s := b.open(t)
	s.Keep(said("al", "bo", "1", 0))
	s.Keep(said("Bo", "al", "2", 0))
	s.Keep(said("", "#talk", "3", 0))
	if got := texts(t, s, ircbus.MessageQuery{Owner: "bo", Target: "al"}); got != "2" {
		t.Fatalf("before: %q", got)
	}
	n, err := s.ForgetChat(t.Context(), func(owner string) bool { return owner == "al" })
	if n != 1 || err != nil {
		t.Errorf("forgot %d, %v", n, err)
	}
	left := texts(t, s, ircbus.MessageQuery{Owner: "al", Target: "bo"}) + texts(t, s, ircbus.MessageQuery{Owner: "bo", Target: "al"}) +
		texts(t, s, ircbus.MessageQuery{Target: "#talk"})
	if left != "13" {
		t.Errorf("what is left: %q", left)
	}
}

func testChatRetract(t *testing.T, b *chatBench) {
	s := b.open(t)
	for i, owner := range []string{"al", "bo"} { // one message, two copies
		m := said(owner, []string{"bo", "al"}[i], "1", 0)
		s.Keep(m)
	}
	s.Keep(said("", "#talk", "2", 1))
	for i, want := range []int{2, 0} {
		if n, err := s.Retract(t.Context(), "1"); n != want || err != nil {
			t.Errorf("time %d: retracted %d copies, %v", i, n, err)
		}
	}
	left := texts(t, s, ircbus.MessageQuery{Owner: "al", Target: "bo"}) + texts(t, s, ircbus.MessageQuery{Owner: "bo", Target: "al"}) +
		texts(t, s, ircbus.MessageQuery{Target: "#talk"})
	if left != "2" {
		t.Errorf("what is left: %q", left)
	}
}

// testChatFailure keeps messages while the store cannot write: what the queue
// holds is stored afterwards, and in its order.
func testChatFailure(t *testing.T, b *chatBench) {
	s := b.open(t)
	long := strings.Repeat("long ", 100)
	mend := b.Fail(t, s)
	for i := range 1000 {
		m := said("", "#talk", fmt.Sprint(i), i)
		m.Params[1] = long
		s.Keep(m)
	}
	err := s.Messages(t.Context(), ircbus.MessageQuery{Target: "#talk"}, func(*ircbus.Message) error { return nil })
	if err == nil || s.Writable() == nil {
		t.Errorf("an answer without what is not on disk: %v, %v", err, s.Writable())
	}
	mend()
	eventually(t, "the store recovers by itself", func() bool { return s.Writable() == nil })
	got := strings.Fields(texts(t, s, ircbus.MessageQuery{Target: "#talk"}))
	for i, text := range got {
		if text != fmt.Sprint(i) {
			t.Fatalf("in place %d is %s", i, text)
		}
	}
	if len(got) != 1000 {
		t.Errorf("%d of 1000 are there", len(got))
	}
}
