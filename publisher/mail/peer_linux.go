package mail

import (
	"fmt"
	"net"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"
)

// peer returns the name of the Unix user at the other end of a Unix socket, as
// the kernel knows it (unix(7), SO_PEERCRED).
func peer(conn *net.UnixConn) (string, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return "", err
	}
	var credentials *unix.Ucred
	var failure error
	err = raw.Control(func(fd uintptr) {
		credentials, failure = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil {
		return "", err
	}
	if failure != nil {
		return "", failure
	}
	id := strconv.FormatUint(uint64(credentials.Uid), 10)
	u, err := user.LookupId(id)
	if err != nil {
		return "", fmt.Errorf("the Unix user %s has no name: %w", id, err)
	}
	return u.Username, nil
}
