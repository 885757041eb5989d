//go:build !linux

package door

import (
	"net"
	"net/netip"
)

// Other systems neither tell what they drop nor go beyond their limit; the size
// they really gave is not asked for.
func prepareSocket(conn *net.UDPConn) (buffer int) {
	for size := wantedBuffer; size >= 1<<16; size /= 2 {
		if conn.SetReadBuffer(size) == nil {
			return size
		}
	}
	return 0
}

func kernelDrops([]byte) (uint32, bool) { return 0, false }

func drainSocket(*net.UDPConn, func([]byte, netip.AddrPort)) error { return nil }
