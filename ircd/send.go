//go:build !linux || race

package ircd

import "syscall"

// send writes to a socket that does not make it wait. The race detector knows the
// order of what comes before and after only this way.
func send(fd int, b []byte) (int, error) { return syscall.Write(fd, b) }
