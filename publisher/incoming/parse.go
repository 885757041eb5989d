// Package incoming takes the incoming webhooks that chat servers have and that
// nearly every tool can post to: Slack's and Mattermost's {"text": …}, as JSON or
// in the form field payload, and Discord's {"content": …}. The mapping to an event:
//
//	user       username
//	comment    what a chat server would show: the text, then of each attachment
//	           (of Discord's embeds) author, pretext, title, text, fields and
//	           blocks, then blocks and components that say something else
//	           and if there is none of these, what is called a text wherever it is
//	url        the first title_link of an attachment, url of an embed, or address of a
//	           button or link in blocks
//	text       "USERNAME: TEXT https://…"
//
// Slack's markup is taken apart: <https://…|label> is "label (https://…)". All else
// keeps its name: channel_, icon_emoji, attachments.color, props.card and so on.
// A message has no id: what is posted twice is two events.
package incoming

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/content"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// isDiscord reports whether a message is of Discord's form, whose senders expect
// Discord's answer.
func isDiscord(m mapping.Value) bool {
	return m.Text("text") == "" && (m.Text("content") != "" || len(items(m.At("embeds"))) > 0 || m.At("poll").IsObject())
}

// mapped are the names of which is not kept what the comment says.
var mapped = []string{
	"text", "content",
	"attachments.pretext", "attachments.title", "attachments.text",
	"attachments.fields.title", "attachments.fields.value",
	"attachments.author_name", "embeds.author.name",
	"embeds.title", "embeds.description", "embeds.fields.name", "embeds.fields.value",
}

// LeftOut are the names that no event has: how fields are laid out, and the text of
// an attachment for those who cannot show it.
var LeftOut = []string{"attachments.fallback", "attachments.fields.short", "embeds.fields.inline"}

// Parse reads the body of a POST. discord says that the sender expects Discord's
// answer. maxBody limits the event, as mapping.Event.Fit says. The error is an
// *ircbus.Refusal.
func Parse(body []byte, maxBody int) (fields ircbus.Fields, discord bool, err error) {
	object, err := payload(body)
	if err != nil {
		return nil, false, err
	}
	m, err := mapping.ReadObject(object)
	if err != nil {
		return nil, false, err
	}
	text, address := flatten(m)
	raw := m.Flat().Without(LeftOut...)
	lenient := text == ""
	if lenient {
		text = anyText(raw)
	}
	if !slices.ContainsFunc(raw.Fields, func(field ircbus.Field) bool { return strings.TrimSpace(field.Value) != "" }) && text == "" {
		return nil, false, ircbus.Refuse(ircbus.InvalidEvent, "the message has no text")
	}
	var e mapping.Event
	username := m.Text("username")
	e.Add("user", username)
	e.Add("comment", text)
	e.Add("url", address)
	if strings.Contains(text, address) {
		address = "" // once is enough
	}
	if text != "" {
		e.Add("text", mapping.Sentence(username, text, address))
	}
	raw.Fields = slices.DeleteFunc(raw.Fields, func(field ircbus.Field) bool {
		return (slices.Contains(mapped, field.Key) || isShown(field.Key) || lenient && isText(field.Key)) && strings.Contains(text, strings.TrimSpace(markup(field.Value)))
	})
	e.KeepFlat(raw, "attachments.title_link", "embeds.url", "username")
	return e.Fit(maxBody), isDiscord(m), nil
}

// isShown reports whether a name is of a text in blocks or components.
func isShown(name string) bool {
	inBlocks := strings.HasPrefix(name, "blocks.") || strings.HasPrefix(name, "attachments.blocks.") || strings.HasPrefix(name, "components.")
	return inBlocks && (strings.HasSuffix(name, ".text") || strings.HasSuffix(name, ".content"))
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
