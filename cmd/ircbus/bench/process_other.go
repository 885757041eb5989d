//go:build !linux

package bench

import (
	"errors"
	"runtime"
	"time"
)

var errNotHere = errors.New("the processor time and memory of other processes are measured on Linux alone")

func processCPU(int) (time.Duration, error) { return 0, errNotHere }

func machineCPU() (time.Duration, bool) { return 0, false }

func processMemory(int) (uint64, error) { return 0, errNotHere }

func kernel() string { return runtime.GOOS }

func processor() string { return runtime.GOARCH }
