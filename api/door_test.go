package api

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// refusing is an error of a door that says how it is answered.
type refusing struct{ error }

func (refusing) HTTPStatus() (status, retryAfter int) { return http.StatusUnprocessableEntity, 7 }

// TestDoors: what the API does for every door.
func TestDoors(t *testing.T) {
	b := startBus(t, func(c *Config) {
		c.Doors = []Door{{Methods: []string{"GET", "POST"}, Pattern: "/doors/test/{what}", Serve: func(w http.ResponseWriter, r *http.Request) error {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return ircbus.Refuse(ircbus.EventTooLarge, "%v", err)
			}
			switch r.PathValue("what") {
			case "refusing":
				return refusing{errors.New("not this")}
			case "address":
				body = []byte(r.RemoteAddr)
			case "refused":
				return ircbus.Refuse(ircbus.StoreUnavailable, "the disk is full")
			}
			_, err = w.Write(append([]byte("took "), body...))
			return err
		}}}
	})
	for _, c := range []struct {
		method, path, body string
		header             map[string]string
		status             int
		says               string
	}{
		{"POST", "/doors/test/x", "a", nil, 200, "took a"},
		{"GET", "/doors/test/x", "", nil, 200, "took "},
		{"PUT", "/doors/test/x", "a", nil, 405, "GET, POST"},
		{"GET", "/doors/other", "", nil, 404, "nothing at"},
		{"POST", "/doors/test/x", strings.Repeat("x", MaxDoorPost+1), nil, 413, "too large"},
		{"POST", "/doors/test/refusing", "", nil, 422, "not this"},
		{"POST", "/doors/test/refused", "", nil, 503, "STORE_UNAVAILABLE"},
		{"GET", "/doors/test/address", "", nil, 200, "took 127.0.0.1:"},
		{"GET", "/doors/test/address", "", map[string]string{"X-Forwarded-For": "127.0.0.1"}, 200, "took unknown behind 127.0.0.1:"},
		{"GET", "/doors/test/x", "", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, "another site"},
		{"POST", "/doors/test/x", "", map[string]string{"Origin": "https://evil.example"}, 403, "another site"},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, b.url+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range c.header {
			request.Header.Set(name, value)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != c.status || !strings.Contains(string(answer), c.says) {
			t.Errorf("%s %s: %d %.200q, %v; want %d with %q", c.method, c.path, response.StatusCode, answer, err, c.status, c.says)
		}
	}
}

// TestDoorFails: a door may answer errors in its own form, and what may be a
// secret in the path does not come into the log.
func TestDoorFails(t *testing.T) {
	var log strings.Builder
	b := startBus(t, func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.Doors = []Door{{
			Methods: []string{"POST"}, Pattern: "/doors/test/{token}",
			Serve: func(_ http.ResponseWriter, r *http.Request) error {
				if r.PathValue("token") == "late" {
					return ircbus.Refuse(ircbus.StoreUnavailable, "the disk is full")
				}
				return errors.New("something broke")
			},
			Fail: func(w http.ResponseWriter, status int, detail string) {
				w.WriteHeader(status)
				io.WriteString(w, "own form: "+detail)
			},
		}}
	})
	a := b.do("POST", "/doors/test/late", nil)
	if a.status != 503 || string(a.body) != "own form: the disk is full" || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %q", a.status, a.body)
	}
	a = b.do("POST", "/doors/test/secret", nil)
	if a.status != 500 || !strings.HasPrefix(string(a.body), "own form: an internal error") {
		t.Errorf("%d %q", a.status, a.body)
	}
	if got := log.String(); strings.Contains(got, "secret") || !strings.Contains(got, "something broke") {
		t.Errorf("the log: %s", got)
	}
}

// TestDoorReports: operators alone see what comes through the doors.
func TestDoorReports(t *testing.T) {
	b := startBus(t, func(c *Config) {
		c.DoorReports = func() any { return []map[string]string{{"door": "test"}} }
	})
	for account, want := range map[string]int{"": 401, "moinmaster": 403, "root": 200} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/doors", nil)
		if err != nil {
			t.Fatal(err)
		}
		if account != "" {
			request.SetBasicAuth(account, "secret of "+account)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != want || (want == 200) != (string(answer) == `{"doors":[{"door":"test"}]}`+"\n") {
			t.Errorf("%q: %d %q %v", account, response.StatusCode, answer, err)
		}
	}
}
