package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/ircbus/ircbus/cmd/ircbus/bus"
	"github.com/ircbus/ircbus/publisher/door"
)

// firstSocket is the descriptor of the first socket that systemd hands over
// (sd_listen_fds(3)).
const firstSocket = 3

// maxSockets is how many there can be.
const maxSockets = 32

// passedSockets takes over the sockets that systemd listens on for us, by the
// names of the configuration's addresses: irc, irc_tls, http, http_tls; several of
// one name are one listener. There are none if the environment does not mean this process.
func passedSockets() (map[string]net.Listener, error) {
	count, names := os.Getenv("LISTEN_FDS"), os.Getenv("LISTEN_FDNAMES")
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) || count == "" {
		return nil, nil
	}
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name) // not for those whom we start
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > maxSockets {
		return nil, fmt.Errorf("LISTEN_FDS=%s: at most %d sockets can be passed", count, maxSockets)
	}
	sockets := make(map[string]net.Listener, n)
	all := strings.SplitN(names, ":", n)
	for i, name := range all {
		l, err := passedSocket(firstSocket+i, name)
		if err != nil {
			return nil, err
		}
		if sockets[name] != nil {
			l = door.Join(sockets[name], l)
		}
		sockets[name] = l
	}
	if len(all) < n {
		return nil, errors.New("sockets are passed without a name: each needs a FileDescriptorName= in its unit")
	}
	return sockets, nil
}

func passedSocket(fd int, name string) (net.Listener, error) {
	switch name {
	case "irc", "irc_tls", "http", "http_tls":
	default:
		return nil, fmt.Errorf("a socket is passed under the name %.40q: it must be irc, irc_tls, http or http_tls (FileDescriptorName= in its unit)", name)
	}
	syscall.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), name)
	defer file.Close() // FileListener has a copy
	l, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("the socket passed as %s cannot be used: %w", name, err)
	}
	if _, ok := l.(*net.TCPListener); !ok {
		l.Close()
		return nil, fmt.Errorf("the socket passed as %s is not one of TCP", name)
	}
	return l, nil
}

// useSockets puts the sockets in the place of the addresses.
func useSockets(config *bus.Config, sockets map[string]net.Listener) {
	config.Sockets = sockets
	for name, address := range map[string]*bus.Addresses{
		"irc": &config.IRC, "irc_tls": &config.IRCTLS, "http": &config.HTTP, "http_tls": &config.HTTPTLS,
	} {
		if l := sockets[name]; l != nil {
			var all []string
			for _, addr := range door.Addrs(l) {
				all = append(all, addr.String())
			}
			*address = bus.Addresses(strings.Join(all, ","))
		}
	}
}
