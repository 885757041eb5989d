package ircd

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// KLine is a ban from the server.
type KLine struct {
	Mask    string    // user@host with * and ?, user@network, or account:name
	Reason  string    // shown to whom it meets
	By      string    // the operator's nick
	Set     time.Time // when it was made
	Expires time.Time // zero: never
}

// Limits of bans from the server.
const (
	maxKLines    = 1000
	maxKLineTime = 10 * 365 * 24 * time.Hour // what ends later has no end
)

// What a ban must leave of the addresses there are, in bits of its network, if
// it is for all user names.
const (
	minBits4 = 8
	minBits6 = 16
)

// kline is a KLine ready to be compared.
type kline struct {
	KLine
	account    lcNick       // "" unless it is about an account
	user, host string       // masks
	users      ircbus.Glob  // of user
	hosts      ircbus.Glob  // of host
	network    netip.Prefix // in place of host, if valid
}

// CheckKLine says what is wrong with a mask, or nil.
func CheckKLine(mask string) error {
	_, err := parseKLine(mask)
	return err
}

// parseKLine reads a mask and writes it in the one form in which we keep it.
func parseKLine(mask string) (kline, error) {
	var k kline
	if len(mask) > maxMaskLen || strings.ContainsFunc(mask, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '!' }) || strings.HasPrefix(mask, ":") {
		return k, fmt.Errorf("a mask has at most %d bytes and no blank, no ! and no colon at its beginning", maxMaskLen)
	}
	if scheme, name, ok := strings.Cut(mask, ":"); ok && ircbus.Fold(scheme) == "account" {
		k.account, k.Mask = foldNick(name), "account:"+name
		return k, ircbus.CheckName(name)
	}
	at := strings.LastIndexByte(mask, '@')
	k.user, k.host = "*", mask[at+1:]
	if at >= 0 {
		k.user = mask[:at]
	}
	if k.user == "" || k.host == "" {
		return k, errors.New("a mask is user@host, an address or network, or account:name")
	}
	k.network = parseNetwork(k.host)
	if k.network.IsValid() {
		k.host = k.network.String()
		if k.network.IsSingleIP() {
			k.host = k.network.Addr().String()
		}
	}
	k.users, k.hosts = ircbus.NewGlob(k.user), ircbus.NewGlob(k.host)
	k.Mask = k.user + "@" + k.host
	if k.wide() {
		return k, fmt.Errorf("%s would ban nearly everybody", k.Mask)
	}
	return k, nil
}

// parseNetwork reads an address or a network; anything else is not valid.
func parseNetwork(text string) netip.Prefix {
	prefix, err := netip.ParsePrefix(text)
	if err == nil {
		if addr := prefix.Addr(); addr.Is4In6() && prefix.Bits() >= 96 {
			prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-96)
		}
		return prefix.Masked()
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}
	}
	addr = addr.Unmap()
	return netip.PrefixFrom(addr, addr.BitLen())
}

// wide reports whether the ban leaves out too few.
func (k *kline) wide() bool {
	if strings.Trim(k.user, "*?~") != "" {
		return false
	}
	if !k.network.IsValid() {
		return strings.Trim(k.host, "*?.:") == ""
	}
	if k.network.Addr().Is4() {
		return k.network.Bits() < minBits4
	}
	return k.network.Bits() < minBits6
}

// expired reports whether the ban has come to its end.
func (k *kline) expired(now time.Time) bool { return !k.Expires.IsZero() && !now.Before(k.Expires) }

// meets reports whether the ban is about the connection. By its address a
// connection from the machine itself is never banned: an operator there, or a
// proxy for many, must not be locked out.
func (k *kline) meets(c *client, now time.Time) bool {
	switch {
	case k.expired(now):
		return false
	case k.account != "":
		return c.account != "" && foldNick(c.account) == k.account
	case c.conn.from.Addr.IsLoopback(), !k.users.Match(c.user):
		return false
	case k.network.IsValid():
		return k.network.Contains(c.conn.from.Counted.WithZone(""))
	}
	return k.hosts.Match(c.host) || k.hosts.Match(c.conn.from.Counted.WithZone("").String())
}

// banned returns the ban from the server that the connection meets, or nil.
// Operators, and those who have logged in as one, are not banned.
func (s *Server) banned(c *client) *kline {
	if len(s.klines) == 0 || c.mayOper || c.isOperator() {
		return nil
	}
	now := time.Now()
	for i := range s.klines {
		if k := &s.klines[i]; k.meets(c, now) {
			return k
		}
	}
	return nil
}

// because is what the ban's reason is called in QUIT and ERROR.
func (k *kline) because() string { return "K-lined: " + k.Reason }

// enforce ends a connection that is banned.
func (c *client) enforce(k *kline) {
	c.send(message{source: c.srv.cfg.Name, command: "465",
		params: []string{c.name(), "You are banned from this server: " + k.Reason}, at: time.Now()})
	c.end(k.because())
}
