//go:build linux && !race

package ircd

import (
	"syscall"
	"unsafe"
)

// send writes to a socket that does not make it wait. So Go's scheduler is not
// told, as syscall.Write does: to tell it costs as much again where thousands of
// short writes follow one another, and wakes a thread that looks for long ones.
func send(fd int, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
