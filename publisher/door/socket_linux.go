package door

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// prepareSocket asks for a large receive buffer, beyond net.core.rmem_max where
// that is permitted, and for the count of drops. It returns the buffer's size as
// asked for, without the kernel's own share.
func prepareSocket(conn *net.UDPConn) (buffer int) {
	control(conn, func(fd int) {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1)
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, wantedBuffer)
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, wantedBuffer)
		if size, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF); err == nil {
			buffer = size / 2
		}
	})
	return buffer
}

func control(conn *net.UDPConn, fn func(fd int)) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(fd uintptr) { fn(int(fd)) })
}

// kernelDrops reads how many datagrams the socket has dropped since it was made,
// as of when this one was received.
func kernelDrops(ancillary []byte) (uint32, bool) {
	messages, err := unix.ParseSocketControlMessage(ancillary)
	if err != nil {
		return 0, false
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_RXQ_OVFL && len(m.Data) >= 4 {
			return binary.NativeEndian.Uint32(m.Data), true
		}
	}
	return 0, false
}

// drainSocket hands over what has been received, without waiting for more, and
// no more than fits into the buffer, lest a flood keep it busy for ever.
func drainSocket(conn *net.UDPConn, take func([]byte, netip.AddrPort)) (failure error) {
	err := control(conn, func(fd int) {
		packet := make([]byte, maxDatagram)
		for taken := 0; taken < 2*wantedBuffer; {
			n, from, err := unix.Recvfrom(fd, packet, unix.MSG_DONTWAIT)
			switch {
			case err == nil:
				take(bytes.Clone(packet[:n]), addrPort(from))
				taken += n + 1
			case errors.Is(err, unix.EINTR):
			case errors.Is(err, unix.EAGAIN):
				return
			default:
				failure = err
				return
			}
		}
	})
	return errors.Join(failure, err)
}

func addrPort(from unix.Sockaddr) netip.AddrPort {
	switch a := from.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port))
	}
	return netip.AddrPort{}
}
