package vcs

import (
	"fmt"
	"net/url"
	"os/user"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// finished adds what the options want and returns the event.
func (o Options) finished(c *Commit) ircbus.Fields {
	if c.URL == "" {
		c.URL = o.link(c.Repo, c.Branch, c.Rev)
	}
	if o.NoEmail {
		c.Email, c.CommitterEmail = "", ""
	}
	return c.Fields()
}

// link fills the template of a commit's address; "" without a revision.
func (o Options) link(repo, branch, rev string) string {
	if o.Link == "" || rev == "" {
		return ""
	}
	escape := func(s string) string { return strings.ReplaceAll(url.PathEscape(s), "%2F", "/") }
	return strings.NewReplacer("{project}", escape(o.Project), "{repo}", escape(repo),
		"{branch}", escape(branch), "{rev}", escape(rev)).Replace(o.Link)
}

// CheckLink says what is wrong with a template of addresses.
func CheckLink(template string) error {
	rest := strings.NewReplacer("{project}", "", "{repo}", "", "{branch}", "", "{rev}", "").Replace(template)
	u, err := url.Parse(rest)
	if err != nil || u.Scheme == "" || strings.ContainsAny(rest, "{}") {
		return fmt.Errorf("%q is not an address with {project}, {repo}, {branch} or {rev} in it, such as https://git.example.org/{project}/commit/?id={rev}", template)
	}
	return nil
}

// pusher is who runs a hook, as the servers of git and Mercurial tell: HTTP
// servers, GitLab and gitolite, CVS's own server, else the account.
func pusher(env func(string) string) string {
	for _, key := range [...]string{"CVS_USER", "REMOTE_USER", "GL_USERNAME", "GL_USER", "LOGNAME", "USER"} {
		if name := env(key); name != "" {
			return name
		}
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

// maxPushOptions limits how many options of a push are kept.
const maxPushOptions = 4

// pushOptions are what was said with git push -o.
func pushOptions(env func(string) string) ircbus.Fields {
	var e mapping.Event
	n, _ := strconv.Atoi(env("GIT_PUSH_OPTION_COUNT")) // none is 0
	for i := range min(n, maxPushOptions) {
		e.Keep("push_option", env("GIT_PUSH_OPTION_"+strconv.Itoa(i)))
	}
	return e.Rest
}
