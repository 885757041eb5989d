//go:build unix

package door

import "golang.org/x/sys/unix"

// Files is how many files and connections the process may have open.
func Files() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > mostFiles {
		return mostFiles
	}
	return int(limit.Cur)
}
