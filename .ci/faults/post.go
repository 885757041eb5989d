package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// request is what is posted, and the marks of the events that come of it.
type request struct {
	path, kind string
	body       string
	headers    map[string]string
	marks      []string
	again      bool // it has keys: without an answer it is sent again
}

// post makes a door of what builds requests.
func post(build func(*publisher) request) func(*publisher) error {
	return func(p *publisher) error {
		client := &http.Client{Transport: &http.Transport{}}
		defer client.CloseIdleConnections()
		for p.goesOn() {
			r := build(p)
			err := p.post(client, r)
			for ; err != nil && r.again && p.goesOn(); err = p.post(client, r) {
				p.rest()
			}
			if err != nil {
				return err
			}
			p.rest()
		}
		return nil
	}
}

func (p *publisher) post(client *http.Client, r request) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, "POST", "http://"+p.bus.web+r.path, strings.NewReader(r.body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", r.kind)
	if r.headers["X-Hub-Signature-256"] == "" {
		q.Header.Set("Authorization", "Bearer "+p.bus.token)
	}
	for key, value := range r.headers {
		q.Header.Set(key, value)
	}
	q.GetBody = nil // the client must not send it again by itself
	response, err := client.Do(q)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		refused.Store(p.door, fmt.Sprintf("%s: %s", response.Status, bytes.TrimSpace(body)))
		return fmt.Errorf("%s: %s", response.Status, body)
	}
	ids := idsOf(body)
	for i, mark := range r.marks {
		id := uint64(0)
		if len(ids) == len(r.marks) {
			id = ids[i]
		}
		p.acknowledge(mark, id)
	}
	return nil
}

// idsOf are the ids that a door tells, if it does.
func idsOf(body []byte) (ids []uint64) {
	var told struct {
		ID     string `json:"id"`
		Events []struct {
			ID uint64 `json:"id"`
		} `json:"events"`
	}
	if json.Unmarshal(body, &told) != nil {
		return nil
	}
	if id, err := strconv.ParseUint(told.ID, 10, 64); err == nil {
		return []uint64{id}
	}
	for _, e := range told.Events {
		ids = append(ids, e.ID)
	}
	return ids
}

const asJSON = "application/json"

func formWithKey(p *publisher) request {
	mark := p.next()
	return request{path: "/events", kind: "application/x-www-form-urlencoded", body: "page=" + mark + "&key=" + mark, marks: []string{mark}, again: true}
}

func oneJSON(p *publisher) request {
	mark := p.next()
	return request{path: "/events", kind: asJSON, body: `{"page":"` + mark + `","comment":"` + strings.Repeat("long ", p.rnd.IntN(600)) + `"}`, marks: []string{mark}}
}

// batchOf makes a batch, which is stored as a whole or not at all.
func batchOf(p *publisher, event func(mark string) string) (events, marks []string) {
	n := 2 + p.rnd.IntN(20)
	first := p.next()
	p.ledger.batch(first, n)
	for i := range n {
		marks = append(marks, member(first, i))
		events = append(events, event(marks[i]))
	}
	return events, marks
}

func arrayWithKeys(p *publisher) request {
	events, marks := batchOf(p, func(mark string) string { return `{"page":"` + mark + `","key":"` + mark + `"}` })
	return request{path: "/events", kind: asJSON, body: "[" + strings.Join(events, ",") + "]", marks: marks, again: true}
}

func ndjson(p *publisher) request {
	events, marks := batchOf(p, func(mark string) string { return `{"page":"` + mark + `","user":"Anna"}` })
	return request{path: "/events", kind: "application/x-ndjson", body: strings.Join(events, "\n"), marks: marks}
}

func forge(p *publisher) request {
	mark := p.next()
	body := `{"action":"opened","issue":{"number":1,"title":"` + mark + `"},"repository":{"name":"r"}}`
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	mac.Write([]byte(body))
	return request{path: "/doors/forge/wiki", kind: asJSON, body: body, marks: []string{mark}, again: true, headers: map[string]string{
		"X-GitHub-Event": "issues", "X-GitHub-Delivery": mark, "X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	}}
}

func jsonDoor(p *publisher) request {
	mark := p.next()
	return request{path: "/doors/json/faults", kind: asJSON, body: `{"page":"` + mark + `"}`, marks: []string{mark}}
}

func alert(p *publisher) request {
	mark, now := p.next(), time.Now().UTC().Format(time.RFC3339)
	return request{path: "/doors/alertmanager", kind: asJSON, marks: []string{mark}, again: true,
		body: `{"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"` + mark + `"},"annotations":{},"startsAt":"` + now + `","endsAt":"0001-01-01T00:00:00Z","fingerprint":"` + mark + `"}]}`}
}

func cloudEvent(p *publisher) request {
	mark := p.next()
	return request{path: "/doors/cloudevents", kind: "application/cloudevents+json", marks: []string{mark}, again: true,
		body: `{"specversion":"1.0","type":"faults","source":"/faults","id":"` + mark + `","data":{"page":"` + mark + `"}}`}
}

func incoming(p *publisher) request {
	mark := p.next()
	return request{path: "/doors/incoming", kind: asJSON, body: `{"text":"` + mark + `"}`, marks: []string{mark}}
}

func ntfy(p *publisher) request {
	mark := p.next()
	return request{path: "/doors/ntfy/wiki", kind: "text/plain", body: mark, marks: []string{mark}}
}
