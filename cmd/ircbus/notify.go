package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// manager is who started the service and wants to know how it does: systemd, by
// the protocol of sd_notify(3).
type manager struct {
	log  *slog.Logger
	conn *net.UnixConn // nil if nobody wants to know
}

// newManager connects to the manager that the environment names, if any.
func newManager(log *slog.Logger) *manager {
	m := &manager{log: log}
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return m
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"}) // @ is the abstract namespace
	if err != nil {
		log.Warn("systemd cannot be told how the bus does", "err", err)
		return m
	}
	m.conn = conn
	return m
}

func (m *manager) tell(state string) {
	if m.conn == nil {
		return
	}
	if _, err := m.conn.Write([]byte(state)); err != nil {
		m.log.Warn("systemd cannot be told how the bus does", "state", state, "err", err)
	}
}

func (m *manager) ready()    { m.tell("READY=1") }
func (m *manager) stopping() { m.tell("STOPPING=1") }
func (m *manager) alive()    { m.tell("WATCHDOG=1") }

// reloading must be followed by ready.
func (m *manager) reloading() {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		m.log.Warn("there is no monotonic clock for systemd", "err", err)
		return
	}
	m.tell(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", now.Nano()/1000))
}

// watchdog ticks twice in the time after which systemd takes a silent service for
// dead (sd_watchdog_enabled(3)); never if it does not watch this process.
func (m *manager) watchdog() *time.Ticker {
	never := time.NewTicker(24 * time.Hour)
	never.Stop()
	if pid := os.Getenv("WATCHDOG_PID"); m.conn == nil || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return never
	}
	usec, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || usec < 2 {
		return never
	}
	return time.NewTicker(time.Duration(usec) * time.Microsecond / 2)
}
