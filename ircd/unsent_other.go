//go:build !linux

package ircd

import "net"

// unsent is known on Linux alone.
func unsent(net.Conn) (bytes int) { return 0 }
