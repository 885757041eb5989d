// Package incoming takes the incoming webhooks that chat servers have and that
// nearly every tool can post to: Slack's and Mattermost's {"text": …}, as JSON or
// in the form field payload, and Discord's {"content": …}. The mapping to an event:
//
//	user       username
//	comment    what a chat server would show: the text, then of each attachment
//	           (of Discord's embeds) pretext, title, text and fields; without a
//	           text and attachments, the texts of blocks
//	url        the first title_link of an attachment, or url of an embed
//	text       "USERNAME: TEXT https://…"
//
// Slack's markup is taken apart: <https://…|label> is "label (https://…)". All else
// keeps its name: channel_, icon_emoji, attachments.color, props.card and so on.
// A message has no id: what is posted twice is two events.
package incoming

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/content"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// message is what the forms have in common.
type message struct {
	Text, Content, Username string
	Attachments             []attachment
	Embeds                  []embed
	Blocks                  []block
}

// isDiscord reports whether a message is of Discord's form, whose senders expect
// Discord's answer.
func (m *message) isDiscord() bool { return m.Text == "" && (m.Content != "" || len(m.Embeds) > 0) }

// mapped are the names that are not kept, since what they say is in the comment.
var mapped = []string{
	"text", "content", "username",
	"attachments.pretext", "attachments.title", "attachments.title_link", "attachments.text", "attachments.fallback",
	"attachments.fields.title", "attachments.fields.value", "attachments.fields.short",
	"embeds.title", "embeds.description", "embeds.url", "embeds.fields.name", "embeds.fields.value", "embeds.fields.inline",
}

// Parse reads the body of a POST. discord says that the sender expects Discord's
// answer. maxBody limits the event, as mapping.Event.Fit says. The error is an
// *ircbus.Refusal.
func Parse(body []byte, maxBody int) (fields ircbus.Fields, discord bool, err error) {
	object, err := payload(body)
	if err != nil {
		return nil, false, err
	}
	var m message
	if err := mapping.Decode(object, &m); err != nil {
		return nil, false, err
	}
	text, address := m.flatten()
	if text == "" {
		return nil, false, ircbus.Refuse(ircbus.InvalidEvent, "the message has no text")
	}
	raw, err := mapping.Flatten(object)
	if err != nil {
		return nil, false, err
	}
	var e mapping.Event
	e.Add("user", m.Username)
	e.Add("comment", text)
	e.Add("url", address)
	if strings.Contains(text, address) {
		address = "" // once is enough
	}
	e.Add("text", mapping.Sentence(m.Username, text, address))
	e.KeepAll(raw, mapped...)
	return e.Fit(maxBody), m.isDiscord(), nil
}

// payload finds the JSON. What it is is told by how it begins: curl calls it a
// form, whatever it is.
func payload(body []byte) ([]byte, error) {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '{' {
		return body, nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("payload") == "" {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "the body must be a JSON object, or a form with it in the field payload")
	}
	return content.Text("", []byte(form.Get("payload")))
}
