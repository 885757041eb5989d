package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

// Account is whom a mail is for.
type Account struct {
	Name    string
	Channel string // where the account publishes; "" for a person, who is told
}

// session is one connection of a mail server or of ircbus mail, by LMTP
// (RFC 2033). Its goroutine owns it.
type session struct {
	door       *Source
	ctx        context.Context
	sender     string // for the report: the address, or the Unix user
	user       string // the Unix user at the other end; "" over TCP
	forAll     bool   // may deliver for everybody
	recipients []recipient
	place      *door.Place
}

// recipient is one RCPT of the mail under way.
type recipient struct {
	address string
	account Account
}

var _ smtp.LMTPSession = (*session)(nil)

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	account, found := s.door.account(to)
	if !found {
		s.door.in.Refuse(door.Target, s.sender, fmt.Errorf("no account takes mail for %q", to))
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1},
			Message: "no account of the bus takes mail for this address"}
	}
	if !s.forAll {
		if own, found := s.door.account(s.user); !found || own != account {
			s.door.in.Refuse(door.Sender, s.sender, fmt.Errorf("the Unix user may not deliver for %q", to))
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1},
				Message: fmt.Sprintf("the Unix user %q may not deliver mail for this address", s.user)}
		}
	}
	s.recipients = append(s.recipients, recipient{to, account})
	return nil
}

// Data answers once for all recipients, by SMTP: the mail is on the disk for each, or
// the sender is to try again; LMTP has LMTPData.
func (s *session) Data(r io.Reader) error {
	s.door.in.Received(1)
	letter, err := Parse(r, s.door.cfg.Options)
	if err != nil {
		s.door.in.Refuse(door.Malformed, s.sender, err)
		return answer(err)
	}
	if _, err := s.door.deliverAll(s.ctx, letter, s.recipients, s.sender); err != nil {
		return answer(err)
	}
	return nil
}

// LMTPData answers for each recipient when the mail is on the disk for it.
func (s *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	s.place.Busy()
	defer s.place.Heard()
	s.door.in.Received(1)
	letter, err := Parse(r, s.door.cfg.Options)
	if err != nil {
		s.door.in.Refuse(door.Malformed, s.sender, err)
		return answer(err)
	}
	for _, to := range s.recipients {
		if _, err := s.door.deliver(s.ctx, letter, to, s.sender); err != nil {
			status.SetStatus(to.address, answer(err))
		} else {
			status.SetStatus(to.address, nil)
		}
	}
	return nil
}

func (s *session) Reset()        { s.recipients = nil }
func (s *session) Logout() error { return nil }

// answer is an error as LMTP says it: what may pass is 4xx, so that the mail
// server keeps the mail and tries again.
func answer(err error) *smtp.SMTPError {
	message := strings.Join(strings.Fields(err.Error()), " ")
	switch codeOf(err) {
	case ircbus.EventTooLarge:
		return &smtp.SMTPError{Code: 552, EnhancedCode: smtp.EnhancedCode{5, 3, 4}, Message: message}
	case ircbus.StoreUnavailable, ircbus.RateLimited:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later: " + message}
	}
	return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: message}
}

// codeOf is the reason of an error; what is not a refusal may pass.
func codeOf(err error) ircbus.Code {
	var r *ircbus.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ircbus.StoreUnavailable
}
