package ircbus

import "fmt"

// Scope is what a token is good for: everything that tokens are, or one thing
// alone. No token is good for changing how somebody logs in.
type Scope string

// The scopes.
const (
	ScopeAll     Scope = ""
	ScopePublish Scope = "publish"
	ScopeRead    Scope = "read"
)

// ParseScope returns the scope of that name.
func ParseScope(name string) (Scope, error) {
	switch s := Scope(name); s {
	case ScopeAll, ScopePublish, ScopeRead:
		return s, nil
	}
	return "", fmt.Errorf("the scope %.20q must be publish or read", name)
}

// Allows reports whether the scope has another one in it.
func (s Scope) Allows(need Scope) bool { return s == ScopeAll || s == need }
