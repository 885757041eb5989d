package bench

import (
	"os/exec"
	"syscall"
)

// own gives the child no share in our Ctrl-C, since we end it ourselves, and ends
// it with us whatever happens.
func own(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
