//go:build !linux

package bench

import "os/exec"

func own(*exec.Cmd) {}
