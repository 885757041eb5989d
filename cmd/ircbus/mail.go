package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os/user"
	"slices"
	"strings"

	"github.com/emersion/go-smtp"
)

// mailCmd hands one mail, from standard input, to a bus: procmail, maildrop and
// mail servers pipe it here.
type mailCmd struct {
	To     []string `help:"Whom the mail is for, as the bus's configuration has it (default: who runs this)." placeholder:"NAME"`
	Socket string   `help:"The Unix socket of the bus on this machine (default: the configuration's, else /run/ircbus/mail.sock)." placeholder:"PATH"`
	Server string   `help:"A bus elsewhere: its address for HTTP. It is told by the account that logs in, with --password-file." placeholder:"ADDR" aliases:"url"`

	credentials
}

// Help says what the mail program should know.
func (*mailCmd) Help() string {
	return `In ~/.procmailrc, to be told of each mail: ":0 hcw" and below it "| ircbus mail". The exit code is 0 when the bus has it on disk, 75 if it may work later (mail servers then try again), else 1 or 2. docs/doors/mail.md has more.`
}

// maxMailPost is how much of a mail goes over HTTP: the header and some text.
const maxMailPost = 512 << 10

// defaultMailSocket is that of the systemd unit.
const defaultMailSocket = "/run/ircbus/mail.sock"

func (c *mailCmd) Run(g *globals) error {
	if c.Timeout <= 0 {
		return usagef("--timeout must be more than 0")
	}
	ctx, cancel := context.WithTimeout(g.ctx, c.Timeout)
	defer cancel()
	if c.Server != "" {
		return c.post(ctx, g)
	}
	socket, err := c.socket(g)
	if err != nil {
		return err
	}
	return c.deliver(ctx, socket, g.stdin)
}

// socket is where the bus takes mails on this machine.
func (c *mailCmd) socket(g *globals) (string, error) {
	if c.Socket == "" && g.Config != "" {
		config, err := loadConfig(g)
		if err != nil || config.Mail.Socket != "" {
			return config.Mail.Socket, err
		}
	}
	return cmp.Or(c.Socket, defaultMailSocket), nil
}

// deliver speaks LMTP on the socket.
func (c *mailCmd) deliver(ctx context.Context, socket string, mail io.Reader) error {
	to := c.To
	if len(to) == 0 {
		me, err := user.Current()
		if err != nil {
			return fmt.Errorf("who runs this is not known, so --to must say whom the mail is for: %w", err)
		}
		to = []string{me.Username}
	}
	for i, name := range to {
		if !strings.Contains(name, "@") {
			to[i] = name + "@localhost" // LMTP has nothing but addresses
		}
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return laterf("the bus does not answer on its socket: %w", err)
	}
	if deadline, limited := ctx.Deadline(); limited {
		conn.SetDeadline(deadline)
	}
	client := smtp.NewClientLMTP(conn)
	client.CommandTimeout, client.SubmissionTimeout = c.Timeout, c.Timeout
	defer client.Close()
	return mailError(client.SendMail("", to, mail))
}

// mailError sorts what a mail server should try again from what it should not.
func mailError(err error) error {
	var each smtp.LMTPDataError // of the recipients
	var answer *smtp.SMTPError
	later := true
	switch {
	case err == nil:
		return nil
	case errors.As(err, &each):
		later = slices.ContainsFunc(slices.Collect(maps.Values(each)), (*smtp.SMTPError).Temporary)
	case errors.As(err, &answer):
		later = answer.Temporary()
	}
	if later {
		return laterf("the mail could not be handed over: %w", err)
	}
	return fmt.Errorf("the bus does not take the mail: %w", err)
}

// post sends as much of the mail as the bus may want to the mail door over HTTP.
func (c *mailCmd) post(ctx context.Context, g *globals) error {
	mail := g.stdin
	if len(c.To) > 0 {
		return usagef("--to goes with --socket: over HTTP the mail is for the account that logs in")
	}
	base, err := httpAddress(g, c.Server)
	if err != nil {
		return err
	}
	s, err := c.secret()
	if err != nil {
		return err
	}
	bus, client, login, err := c.overHTTP(base, s)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	body, err := io.ReadAll(io.LimitReader(mail, maxMailPost))
	if err != nil {
		return fmt.Errorf("the mail could not be read: %w", err)
	}
	if _, err := io.Copy(io.Discard, mail); err != nil { // or who pipes it would fail
		return fmt.Errorf("the mail could not be read: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, bus.JoinPath("doors", "mail").String(), strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "message/rfc822")
	login(request)
	response, err := client.Do(request)
	if err != nil {
		return laterf("cannot reach the bus: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	switch {
	case err != nil:
		return laterf("the bus's answer broke off: %w", err)
	case response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests:
		return laterf("%w", problemOf(response, answer))
	case response.StatusCode >= 300:
		return problemOf(response, answer)
	}
	return nil
}
