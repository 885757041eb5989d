package ntfy

import (
	"net/http"
	"net/url"
	"testing"
)

// TestCaseC3: a member of another type than ntfy's refuses nothing, and nothing is
// dropped that ntfy does not know.
func TestCaseC3(t *testing.T) {
	for _, c := range []struct{ path, query, body, want string }{
		{"/", "", `{"topic":"t","message":7,"title":["a"],"priority":{"a":1},"tags":"x,y","click":false}`, "comment=7&text=7&topic=t&tags=x&tags=y&title=a&priority.a=1"},
		{"/", "", `{"topic":"t","message":"m","priority":true,"tags":[1,{"b":2}],"markdown":"1","new":{"z":"q"},"sequence_id":"s1"}`,
			"comment=m&text=m&topic=t&priority=1&markdown=1&tags=1&tags.b=2&new.z=q&sequence_id=s1"},
		{"/", "", `{"topic":"t","message":"m","priority":9.5,"actions":{"a":"view"}}`, "comment=m&text=m&topic=t&priority=9.5&actions.a=view"},
		{"/t", "title=T&build=7&auth=c2VjcmV0", "m", "comment=m&text=T:+m&topic=t&title=T&build=7"},
	} {
		query, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(http.MethodPost, c.path, query, http.Header{}, []byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
		} else if got := m.Fields(0).Encode(); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.body, got, c.want)
		}
	}
}
