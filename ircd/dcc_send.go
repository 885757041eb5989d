package ircd

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"time"

	"github.com/ircbus/ircbus"
)

// DCC says how files are sent to clients by DCC SEND. It is not encrypted. The
// zero value allows it to clients on loopback alone, and only with the server
// listening.
type DCC struct {
	First, Last uint16     // ports to listen on, for everybody; 0: none
	Address     netip.Addr // told to clients; invalid: the one that they are connected to
}

// Limits of files.
const (
	maxFile      = 4 << 20          // bytes
	maxEntryHead = 32               // bytes of an entry beside its fields
	maxOffers    = 8                // files offered or being sent at once, over all connections
	offerTime    = time.Minute      // until a file must be fetched
	sendTime     = 10 * time.Minute // until it must have been
	stallTime    = 30 * time.Second // without a byte going out
	minDCCPort   = 1024             // the lowest that a client may name
)

// offer is a file on its way to a client. A connection has one at a time.
type offer struct {
	// static
	publisher *publisher
	name      string
	content   []byte
	passive   bool
	port      uint16 // 0 if passive
	token     string // "" unless passive
	listener  *net.TCPListener
	cancel    context.CancelFunc
	reply     chan uint16 // where the client of a passive one listens

	// guarded by Server.mu
	begun  bool
	offset uint64 // where the client wants it to begin
}

// mayFetch reports whether files are sent to the client.
func (c *client) mayFetch(passive bool) bool {
	addr := c.conn.from.Addr // where files go
	return addr.IsValid() && (c.srv.cfg.DCC.First != 0 || !passive && addr.IsLoopback())
}

// offerEntries offers entries as a file of packed lines.
func (c *client) offerEntries(p *publisher, q *inquiry, found []ircbus.Event) error {
	if len(found) == 0 {
		c.hint(p, "0 entries")
		return nil
	}
	var content []byte
	for i := range found {
		content = append(content, "id="+itoa(found[i].ID)+"&"...)
		content = append(found[i].Fields.Append(content), '\n')
	}
	last := found[len(found)-1].ID
	name := fmt.Sprintf("%s-%d-%d.txt", p.name, found[0].ID, last)
	if err := c.offerFile(p, name, content, q.passive); err != nil {
		c.hint(p, "No file can be sent now: "+err.Error())
		return nil
	}
	c.hint(p, fmt.Sprintf("%d entries, the last is %d", len(found), last))
	return nil
}

// offerFile begins to offer a file. The error is for the client.
func (c *client) offerFile(p *publisher, name string, content []byte, passive bool) (err error) {
	local, ok := c.conn.net.LocalAddr().(*net.TCPAddr)
	switch {
	case !ok:
		return errors.New("your connection has no address")
	case c.offer != nil:
		return errors.New("fetch the one before, or wait a minute")
	case c.srv.offers >= maxOffers:
		return errors.New("too many others are fetching theirs, try again in a minute")
	}
	host, ip := local.AddrPort().Addr(), local.IP
	if told := c.srv.cfg.DCC.Address; told.IsValid() && !c.conn.from.Addr.IsLoopback() {
		host, ip = told, nil // which may be another machine's
	}
	o := &offer{publisher: p, name: name, content: content, passive: passive, reply: make(chan uint16, 1)}
	if passive {
		o.token = newToken()
	} else if o.listener, err = listenDCC(ip, c.srv.cfg.DCC); err != nil {
		c.log().Error("no port for DCC", "err", err)
		return errors.New("no port is free")
	} else {
		o.port = uint16(o.listener.Addr().(*net.TCPAddr).Port)
	}
	c.offer = o
	c.srv.offers++
	ctx, cancel := context.WithTimeout(c.srv.stop, sendTime)
	o.cancel = cancel
	c.srv.wg.Go(func() { c.serveOffer(ctx, o) })
	request := dccRequest{verb: "SEND", name: name, host: dccHost(host), port: o.port, position: uint64(len(content)), token: o.token}
	c.respond(c.from(p, "PRIVMSG", request.String()))
	return nil
}

func newToken() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1<<31))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return n.String()
}

// listenDCC listens on one of the ports, from a random one on.
func listenDCC(ip net.IP, cfg DCC) (l *net.TCPListener, err error) {
	if cfg.First == 0 {
		return net.ListenTCP("tcp", &net.TCPAddr{IP: ip})
	}
	ports := int(cfg.Last) - int(cfg.First) + 1
	start := time.Now().Nanosecond() % ports
	for i := range min(ports, 4*maxOffers) {
		l, err = net.ListenTCP("tcp", &net.TCPAddr{IP: ip, Port: int(cfg.First) + (start+i)%ports})
		if err == nil {
			return l, nil
		}
	}
	return nil, err
}

// answerDCC takes what a client says about a file that it was offered.
func (c *client) answerDCC(p *publisher, text string) bool {
	d, ok := parseDCC(text)
	o := c.offer
	if !ok || o == nil || o.publisher != p || o.begun || d.token != o.token {
		return false
	}
	switch {
	case d.verb == "RESUME" && d.port == o.port && d.position < uint64(len(o.content)):
		o.offset = d.position
		d.verb = "ACCEPT"
		c.respond(c.from(p, "PRIVMSG", d.String()))
	case d.verb == "SEND" && o.passive && d.port >= minDCCPort:
		o.begun = true
		o.reply <- d.port
	default:
		return false
	}
	return true
}

// serveOffer is the goroutine of an offer.
func (c *client) serveOffer(ctx context.Context, o *offer) {
	defer o.cancel()
	sent, err := c.sendOffer(ctx, o)
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	c.srv.offers--
	if c.offer != o { // the client has gone
		return
	}
	c.offer = nil
	if err != nil {
		c.send(c.from(o.publisher, "NOTICE", fmt.Sprintf("%s has not been sent whole, %d of %d bytes: %v", o.name, sent, len(o.content), err)))
	}
}

// sendOffer waits for the client and sends it the file.
func (c *client) sendOffer(ctx context.Context, o *offer) (sent int, err error) {
	nc, err := c.meet(ctx, o)
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	c.srv.mu.Lock()
	o.begun = true
	rest := o.content[o.offset:]
	c.srv.mu.Unlock()
	for len(rest) > 0 {
		nc.SetWriteDeadline(time.Now().Add(stallTime))
		n, err := nc.Write(rest[:min(len(rest), maxChunk)])
		sent, rest = sent+n, rest[n:]
		if err != nil {
			return sent, errors.New("you did not take it")
		}
	}
	awaitReceipt(nc, uint32(len(o.content)))
	return sent, nil
}

// meet is the connection over which the file goes: always with the address from
// which the client is on IRC, whatever it says.
func (c *client) meet(ctx context.Context, o *offer) (net.Conn, error) {
	late := fmt.Errorf("you did not fetch it within %v", offerTime)
	if o.listener == nil {
		select {
		case port := <-o.reply:
			dialer := net.Dialer{Timeout: stallTime}
			nc, err := dialer.DialContext(ctx, "tcp", netip.AddrPortFrom(c.conn.from.Addr, port).String())
			if err != nil {
				return nil, errors.New("you cannot be reached there")
			}
			return nc, nil
		case <-time.After(offerTime):
			return nil, late
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer o.listener.Close()
	defer context.AfterFunc(ctx, func() { o.listener.Close() })()
	o.listener.SetDeadline(time.Now().Add(offerTime))
	for {
		nc, err := o.listener.AcceptTCP()
		if err != nil {
			return nil, late
		}
		if nc.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap() == c.conn.from.Addr.WithZone("") {
			return nc, nil
		}
		nc.Close()
	}
}

// awaitReceipt reads a receiver's acknowledgements, each the number of bytes so
// far in 4 bytes or in 8, until it has everything or closes. A connection that
// is closed with bytes to read loses what is on its way. The acknowledgements of
// a whole file have room in the system's buffer until here.
func awaitReceipt(nc net.Conn, size uint32) {
	nc.SetReadDeadline(time.Now().Add(stallTime))
	var last [4]byte
	buf := make([]byte, 4096)
	for {
		n, err := nc.Read(buf)
		seen := append(last[:], buf[:n]...)
		copy(last[:], seen[len(seen)-4:])
		if binary.BigEndian.Uint32(last[:]) == size || err != nil {
			return
		}
	}
}

// stopOffer ends the client's offer.
func (c *client) stopOffer() {
	if c.offer != nil {
		c.offer.cancel()
		c.offer = nil
	}
}
