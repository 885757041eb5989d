package bus

import (
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// TestCaseD11: a PONG says that what came before the PING has been delivered, also
// between a WebSocket and a connection of plain IRC: whoever receives it and asks
// after that has it before the answer.
func TestCaseD11(t *testing.T) {
	b := startBus(t, quiet(t))
	for i, subprotocol := range []string{"text.ircv3.net", "binary.ircv3.net", ""} {
		t.Run("subprotocol "+subprotocol, func(t *testing.T) {
			t.Parallel() // each is the load of the others
			plainNick, webNick := fmt.Sprintf("plain%d", i), fmt.Sprintf("web%d", i)
			plain := connect(t, b.IRCAddr(), plainNick)
			web, err := dialWeb(t, webURL(b, "/irc"), &websocket.DialOptions{Subprotocols: strings.Fields(subprotocol)})
			if err != nil {
				t.Fatal(err)
			}
			web.register(webNick)
			webUntil := func(words ...string) string {
				_, line := web.until(words...)
				return line
			}
			for n := range 40 {
				text := fmt.Sprintf(" :hello %d", n)
				sent, asked := fmt.Sprintf("sent%d", n), fmt.Sprintf("asked%d", n)

				web.say("PRIVMSG "+plainNick+text, "PING "+sent)
				webUntil(sent)
				plain.say("PING " + asked)
				if line := plain.until("PRIVMSG", asked); !strings.Contains(line, text) {
					t.Fatalf("round %d: to plain IRC came %q before the message", n, line)
				}
				plain.until(asked)

				plain.say("PRIVMSG " + webNick + text)
				plain.say("PING " + sent)
				plain.until(sent)
				web.say("PING " + asked)
				if line := webUntil("PRIVMSG", asked); !strings.Contains(line, text) {
					t.Fatalf("round %d: to the WebSocket came %q before the message", n, line)
				}
				webUntil(asked)
			}
		})
	}
}
