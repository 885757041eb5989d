package ircd

import "strings"

// Registration says how people can make accounts for themselves.
type Registration struct {
	Open          bool // they can
	BeforeConnect bool // also before they have registered on the server
	CustomNames   bool // of another name than their nick's
}

// AccountError refuses to make an account. Code is one of those in
// ircv3.net/specs/extensions/account-registration.
type AccountError struct{ Code, Reason string }

func (e *AccountError) Error() string { return e.Reason }

// enrollsEarly reports whether an account can be made before the registration. Where a
// password is asked of everybody, nobody gets around it that way.
func (s *Server) enrollsEarly() bool {
	return s.set.Registration.BeforeConnect && s.cfg.Password == nil
}

// enrollment is the value of the capability draft/account-registration, and
// whether it is offered.
func (s *Server) enrollment() (value string, offered bool) {
	var tokens []string
	if s.enrollsEarly() {
		tokens = append(tokens, "before-connect")
	}
	if s.set.Registration.CustomNames {
		tokens = append(tokens, "custom-account-name")
	}
	return strings.Join(tokens, ","), s.set.Registration.Open && s.cfg.Accounts != nil
}

// enroll makes an account of the name, "*" for the nick, calls done and logs in
// to it. It returns the name for which that stands. Nobody can take the nick meanwhile. It takes long, so the server's lock
// is not held.
func (c *client) enroll(name, password string, done func(Account)) (string, error) {
	s := c.srv
	s.mu.Lock()
	if name == "*" && c.nick != "" {
		name = c.nick
	}
	key := foldNick(name)
	err := c.mayEnroll(name)
	if err == nil {
		s.enrolling[key] = c.person
	}
	s.mu.Unlock()
	if err != nil {
		return name, err
	}
	account, err := s.cfg.Accounts.Register(s.stop, name, password, c.conn.from.Counted)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer delete(s.enrolling, key)
	if err != nil {
		return name, err
	}
	done(account)
	return name, c.loggedIn(account)
}

// mayEnroll says why the client cannot make an account of that name, as far as
// the server alone can tell.
func (c *client) mayEnroll(name string) error {
	s, rules := c.srv, c.srv.set.Registration
	key := foldNick(name)
	switch holder := s.nicks[key]; {
	case !rules.Open || s.cfg.Accounts == nil:
		return &AccountError{"TEMPORARILY_UNAVAILABLE", "Accounts are made by who runs this server"}
	case !c.registered && !s.enrollsEarly():
		return &AccountError{"COMPLETE_CONNECTION_REQUIRED", "Register your connection first, with NICK and USER"}
	case name == "*":
		return &AccountError{"NEED_NICK", "Choose a nick first"}
	case c.account != "":
		return &AccountError{"ALREADY_AUTHENTICATED", "You are logged in as " + c.account + " already"}
	case !rules.CustomNames && key != foldNick(c.nick):
		return &AccountError{"ACCOUNT_NAME_MUST_BE_NICK", "The account must have the name of your nick"}
	case holder != nil && holder != c.person:
		return &AccountError{"ACCOUNT_EXISTS", "Somebody has this nick"}
	case s.enrolling[key] != nil:
		return &AccountError{"ACCOUNT_EXISTS", "Somebody is registering this account"}
	case key == foldNick(s.cfg.Name):
		return &AccountError{"BAD_ACCOUNT_NAME", "This is the name of the server"}
	}
	return nil
}
