//go:build !unix

package subscriber

import "os"

// lock does nothing where files cannot be locked in this way.
func lock(*os.File) error { return nil }

func unlock(*os.File) {}

// syncDir does nothing where directories cannot be synced.
func syncDir(string) error { return nil }
