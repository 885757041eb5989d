package load

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// AllowFiles lets this process, and those it starts, have at least so many files
// and sockets open.
func AllowFiles(n int) error {
	need := uint64(n) + 200
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Cur >= need {
		return nil
	}
	limit.Cur = need
	limit.Max = max(limit.Max, need)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("%d connections need as many open files, and more are not allowed: raise the hard limit (ulimit -Hn)", n)
	}
	return nil
}
