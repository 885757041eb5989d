package door

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
)

// Addresses takes a list of addresses apart, host:port with commas between them.
func Addresses(list string) (addresses []string) {
	for address := range strings.SplitSeq(list, ",") {
		if address = strings.TrimSpace(address); address != "" {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// networkFor is the network, "tcp" or "udp", on which one of several addresses is
// bound: [::] beside 0.0.0.0 means IPv6 alone.
func networkFor(network, address string, several bool) string {
	host, _, _ := net.SplitHostPort(address)
	if ip, err := netip.ParseAddr(host); several && err == nil && ip.Is6() {
		return network + "6"
	}
	return network
}

// Listen binds TCP addresses, host:port with commas between them, all or none;
// port 0 takes a free one.
func Listen(ctx context.Context, config net.ListenConfig, list string) (net.Listener, error) {
	addresses := Addresses(list)
	var bound []net.Listener
	for _, address := range addresses {
		l, err := config.Listen(ctx, networkFor("tcp", address, len(addresses) > 1), address)
		if err != nil {
			for _, open := range bound {
				open.Close()
			}
			return nil, err
		}
		bound = append(bound, l)
	}
	return Join(bound...), nil
}

// Join is one listener that accepts what comes to any of several. With none it is
// nil.
func Join(listeners ...net.Listener) net.Listener {
	switch len(listeners) {
	case 0:
		return nil
	case 1:
		return listeners[0]
	}
	return &joined{listeners: listeners, accepted: make(chan acceptance), closed: make(chan struct{})}
}

// Addrs are where a listener listens, also one of Join.
func Addrs(l net.Listener) (addrs []net.Addr) {
	if all, ok := l.(interface{ Addrs() []net.Addr }); ok {
		return all.Addrs()
	}
	return []net.Addr{l.Addr()}
}

// joined are several listeners as one.
type joined struct {
	listeners []net.Listener
	accepted  chan acceptance
	closed    chan struct{}
	begin     sync.Once
	end       sync.Once
	err       error // of end
}

// acceptance is what an Accept has returned.
type acceptance struct {
	conn net.Conn
	err  error
}

// Accept implements net.Listener.
func (j *joined) Accept() (net.Conn, error) {
	j.begin.Do(func() {
		for _, l := range j.listeners {
			go j.accept(l)
		}
	})
	select {
	case a := <-j.accepted:
		return a.conn, a.err
	case <-j.closed:
		return nil, net.ErrClosed
	}
}

// accept hands over what comes to one of them, until Close ends it.
func (j *joined) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		select {
		case j.accepted <- acceptance{conn, err}:
		case <-j.closed:
			if err == nil {
				conn.Close()
			}
			return
		}
	}
}

// Close implements net.Listener.
func (j *joined) Close() error {
	j.end.Do(func() {
		close(j.closed)
		for _, l := range j.listeners {
			j.err = errors.Join(j.err, l.Close())
		}
	})
	return j.err
}

// Addr is that of the first.
func (j *joined) Addr() net.Addr { return j.listeners[0].Addr() }

// Addrs are those of all.
func (j *joined) Addrs() (addrs []net.Addr) {
	for _, l := range j.listeners {
		addrs = append(addrs, Addrs(l)...)
	}
	return addrs
}

// several are addresses as one, for people to read.
type several []net.Addr

func (s several) Network() string { return s[0].Network() }

func (s several) String() string {
	var texts []string
	for _, addr := range s {
		texts = append(texts, addr.String())
	}
	return strings.Join(texts, ", ")
}

// oneAddr is the address itself if there is one alone.
func oneAddr(addrs []net.Addr) net.Addr {
	if len(addrs) == 1 {
		return addrs[0]
	}
	return several(addrs)
}
