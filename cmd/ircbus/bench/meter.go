package bench

import (
	"os"
	"runtime"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// meter measures the processor time of the server and of the load side between
// two moments.
type meter struct {
	pid   int // 0 if it is not known
	crowd *load.Crowd
	began time.Time
	marks
}

// marks are the processor times at one moment.
type marks struct {
	server, own, all time.Duration // all: of everything on the machine
	threads          []time.Duration
}

func startMeter(pid int, crowd *load.Crowd) *meter {
	m := &meter{pid: pid, crowd: crowd}
	m.marks = m.mark()
	m.began = time.Now()
	return m
}

func (m *meter) mark() (now marks) {
	now.own, _ = processCPU(os.Getpid())
	now.all, _ = machineCPU()
	if m.pid != 0 {
		now.server, _ = processCPU(m.pid)
	}
	if m.crowd != nil {
		if threads, ok := m.crowd.Busy(); ok {
			now.threads = threads
		}
	}
	return now
}

// usage is what was used since the meter was started.
type usage struct {
	took        time.Duration
	server, own time.Duration // processor time
	others      time.Duration // of everything else on the machine, with a server of unknown process
	busiest     float64       // share of the time that the busiest thread of the load side was at work
}

func (m *meter) read() usage {
	now := m.mark()
	u := usage{took: time.Since(m.began), server: now.server - m.server, own: now.own - m.own}
	u.others = now.all - m.all - u.server - u.own
	for i, t := range now.threads {
		u.busiest = max(u.busiest, float64(t-m.threads[i])/float64(u.took))
	}
	return u
}

// cores is a processor time as a number of processors.
func (u usage) cores(t time.Duration) float64 { return float64(t) / float64(u.took) }

// tell adds what the server and the load side have used.
func (u usage) tell(r *Result) {
	if u.server != 0 {
		r.add("server_cpu_s", u.server.Seconds())
		r.add("server_cores", u.cores(u.server))
	}
	r.add("load_cores", u.cores(u.own))
	r.add("load_busiest_thread_percent", 100*u.busiest)
	u.judge(r)
}

// Shares from which on a thread, or all processors together, count as busy.
const (
	busyThread  = 0.9
	busyMachine = 0.95
	disturbance = 0.1 // of one processor, by others
)

// judge notes when the load side, or the machine that both share, was the limit.
func (u usage) judge(r *Result) {
	all := u.cores(u.server + u.own)
	if u.server != 0 && u.cores(u.others) > disturbance {
		r.note("something else took %.2f processors: measure again when the machine is quiet", u.cores(u.others))
	}
	switch {
	case u.busiest >= busyThread:
		r.note("the load side was the limit: one of its threads was busy for %.0f %% of the time; give it more with --threads", 100*u.busiest)
	case u.server == 0 && u.cores(u.own) >= busyThread*float64(runtime.NumCPU()):
		r.note("the load side was the limit: it took %.1f of %d processors", u.cores(u.own), runtime.NumCPU())
	case u.server != 0 && all >= busyMachine*float64(runtime.NumCPU()):
		r.note("all %d processors were busy: the server had %.2f of them, the load side %.2f", runtime.NumCPU(), u.cores(u.server), u.cores(u.own))
	}
}
