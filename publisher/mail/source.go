package mail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher"
	"github.com/ircbus/ircbus/publisher/door"
)

// Config says where a Source listens, from whom it takes mail, and for whom.
type Config struct {
	Socket  string         // path of the Unix socket, which every Unix user may open; "" for none
	Listen  string         // TCP host:port; "" for none, port 0 takes a free one
	Allow   []netip.Prefix // who may connect by TCP, and deliver for everybody; nil allows loopback alone
	Trusted []string       // Unix users who may deliver for everybody by the socket
	Name    string         // that the greeting gives
	SMTP    bool           // speak SMTP (RFC 5321) with programs that know nothing else, in place of LMTP

	// Account is whose mail a recipient's is: of an address, or of a Unix user.
	Account   func(recipient string) (Account, bool)
	Publisher string // the account that tells people of their mail

	Options
}

// Limits of the door.
const (
	maxMail       = 64 << 20    // bytes; what is not needed is read and thrown away
	maxRecipients = 100         // of one mail
	maxLine       = 1 << 20     // bytes; mails do not keep to the standard's 1,000
	patience      = time.Minute // for a mail server that says nothing
)

// Source takes mail by LMTP (RFC 2033) from mail servers and from ircbus mail.
type Source struct {
	in        *door.Inlet
	cfg       Config
	listeners []*gate
}

var _ publisher.Source = (*Source)(nil)

// Listen binds the socket and the address.
func Listen(in *door.Inlet, cfg Config) (*Source, error) {
	if cfg.Allow == nil {
		cfg.Allow = door.Loopback
	}
	s := &Source{in: in, cfg: cfg}
	if cfg.Socket != "" {
		l, err := listenUnix(cfg.Socket)
		if err != nil {
			return nil, err
		}
		s.listeners = append(s.listeners, newGate(in, l, nil))
	}
	if cfg.Listen != "" {
		l, err := door.Listen(context.Background(), net.ListenConfig{}, cfg.Listen)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.listeners = append(s.listeners, newGate(in, l, s.admit))
	}
	return s, nil
}

// listenUnix makes the socket, in place of one that a bus before has left behind.
func listenUnix(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSocket != 0 {
		if conn, err := net.Dial("unix", path); err == nil {
			conn.Close()
			return nil, fmt.Errorf("another program listens on %s", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	// Everybody may knock: the kernel tells who it is.
	if err := os.Chmod(path, 0o666); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// admit says whether a connection by TCP may deliver mail.
func (s *Source) admit(conn net.Conn) bool {
	addr := door.Remote(conn.RemoteAddr())
	if !door.Allowed(s.cfg.Allow, addr) {
		s.in.Received(1)
		s.in.Refuse(door.Sender, addr.String(), errors.New("the sender's address is not allowed"))
		return false
	}
	return true
}

// Addrs returns where the source listens.
func (s *Source) Addrs() []net.Addr {
	var addrs []net.Addr
	for _, l := range s.listeners {
		addrs = append(addrs, door.Addrs(l.Listener)...)
	}
	return addrs
}

// Close closes what a source listens on that does not Run.
func (s *Source) Close() error {
	var failed []error
	for _, l := range s.listeners {
		failed = append(failed, l.Close())
	}
	return errors.Join(failed...)
}

// Run takes mail until ctx ends, finishes what is being stored then, and returns
// nil. It is called once.
func (s *Source) Run(ctx context.Context) error {
	storing, cancel := door.Draining(ctx)
	defer cancel()
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return s.session(storing, c.Conn()) }))
	server.LMTP, server.Domain, server.EnableSMTPUTF8 = !s.cfg.SMTP, s.cfg.Name, true
	server.MaxMessageBytes, server.MaxRecipients, server.MaxLineLength = maxMail, maxRecipients, maxLine
	server.ReadTimeout, server.WriteTimeout = patience, patience
	server.ErrorLog = slog.NewLogLogger(s.in.Log.Handler(), slog.LevelDebug)
	var serving sync.WaitGroup
	failures := make(chan error, len(s.listeners))
	for _, l := range s.listeners {
		serving.Go(func() { failures <- server.Serve(l) })
	}
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-failures:
	}
	for _, l := range s.listeners {
		l.hurry()
	}
	if err := server.Shutdown(storing); err != nil && failure == nil {
		for _, l := range s.listeners {
			l.hangUp()
		}
	}
	serving.Wait()
	return failure
}

// session greets who has connected.
func (s *Source) session(ctx context.Context, conn net.Conn) (smtp.Session, error) {
	var place *door.Place
	if held, ok := conn.(*held); ok {
		conn, place = held.raw, held.place
	}
	local, ok := conn.(*net.UnixConn)
	if !ok {
		return &session{door: s, ctx: ctx, sender: door.Remote(conn.RemoteAddr()).String(), forAll: true, place: place}, nil
	}
	user, err := peer(local)
	if err != nil {
		s.in.Received(1)
		s.in.Refuse(door.Sender, "unix", err)
		return nil, &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: err.Error()}
	}
	return &session{door: s, ctx: ctx, sender: "unix user " + user, user: user, forAll: slices.Contains(s.cfg.Trusted, user), place: place}, nil
}

// account finds whose mail it is, by the whole address, what is before the @,
// or what is before a + in that (a subaddress, RFC 5233).
func (s *Source) account(recipient string) (Account, bool) {
	local := recipient
	if i := strings.LastIndexByte(recipient, '@'); i >= 0 {
		local = recipient[:i]
	}
	user, _, _ := strings.Cut(local, "+")
	for _, name := range [...]string{recipient, local, user} {
		if a, found := s.cfg.Account(name); found {
			return a, true
		}
	}
	return Account{}, false
}

// deliver brings a mail to one of its recipients: to the disk. The error has been
// counted.
func (s *Source) deliver(ctx context.Context, letter *Letter, to recipient, sender string) ([]ircbus.Receipt, error) {
	return s.deliverAll(ctx, letter, []recipient{to}, sender)
}

// deliverAll brings a mail to several recipients, each account once. The error has been
// counted.
func (s *Source) deliverAll(ctx context.Context, letter *Letter, recipients []recipient, sender string) ([]ircbus.Receipt, error) {
	input := door.Input{Sender: sender}
	reached := make(map[Account]bool)
	for _, to := range recipients {
		if reached[to.account] {
			continue
		}
		reached[to.account] = true
		if err := s.address(&input, letter, to); err != nil {
			s.in.Refuse(door.Refused, sender, err)
			return nil, err
		}
	}
	return s.in.Store(ctx, input)
}

// address adds what a recipient gets of a mail.
func (s *Source) address(input *door.Input, letter *Letter, to recipient) error {
	if to.account.Channel == "" {
		memo, err := s.in.Memo(s.cfg.Publisher, to.account.Name, letter.Text, letter.Key)
		input.Memos = append(input.Memos, memo)
		return err
	}
	event, err := s.in.Event(to.account.Name, to.account.Channel, letter.Fields(to.address, s.in.MaxBody))
	input.Events = append(input.Events, event)
	return err
}
