package ircd

import (
	"net"

	"golang.org/x/sys/unix"
)

// unsent is how many bytes of a connection the other side's system has not got
// yet; 0 if that is unknown.
func unsent(nc net.Conn) (bytes int) {
	if raw, err := socket(nc); err == nil {
		raw.Control(func(fd uintptr) { bytes, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	}
	return bytes
}
