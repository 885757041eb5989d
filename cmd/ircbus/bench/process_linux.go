package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// processCPU is the processor time that a process has taken, to the nanosecond:
// by the clock of the process, whose number the kernel makes out of the pid
// (clock_getcpuclockid(3)).
func processCPU(pid int) (time.Duration, error) {
	const scheduler = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduler), &t); err != nil {
		return 0, fmt.Errorf("the processor time of process %d cannot be read: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// machineCPU is the processor time that everything together has taken, and what the
// host of a virtual machine has kept; ok is false if it is not known.
func machineCPU() (used time.Duration, ok bool) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, false
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	const tick = time.Second / 100 // USER_HZ
	for i, field := range bytes.Fields(line) {
		ticks, err := strconv.ParseInt(string(field), 10, 64)
		// cpu user nice system idle iowait irq softirq steal: proc_stat(5)
		if busy := i >= 1 && i <= 8 && i != 4 && i != 5; busy && err == nil {
			used += time.Duration(ticks) * tick
		}
	}
	return used, true
}

// processMemory is the resident memory of a process, in bytes.
func processMemory(pid int) (uint64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("the memory of process %d cannot be read: %w", pid, err)
	}
	_, after, _ := bytes.Cut(status, []byte("VmRSS:"))
	fields := bytes.Fields(after)
	if len(fields) == 0 {
		return 0, fmt.Errorf("process %d has no memory", pid)
	}
	kB, err := strconv.ParseUint(string(fields[0]), 10, 64)
	return kB << 10, err
}

// kernel is the name and release of the kernel.
func kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "Linux"
	}
	return "Linux " + unix.ByteSliceToString(u.Release[:])
}

// processor is the model of the processor.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	_, after, _ := bytes.Cut(info, []byte("model name\t: "))
	model, _, _ := bytes.Cut(after, []byte("\n"))
	return string(model)
}
