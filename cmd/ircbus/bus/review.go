package bus

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/account"
)

// Review says what is probably wrong with a configuration, beyond what Check refuses:
// a bus starts with it, and warns of it in its log. now is for certificates.
func (c Config) Review(now time.Time) []*Problem {
	var found checker
	if slices.ContainsFunc(c.IRC.List(), beyondLoopback) {
		found.warn(errors.New(plainIRC), "irc")
	}
	if slices.ContainsFunc(c.HTTP.List(), beyondLoopback) && !strings.HasPrefix(c.URL, "https://") {
		found.warn(errors.New(plainHTTP), "http")
	}
	if pair, err := loadPair(c.Cert, c.Key); err == nil && pair.Leaf != nil {
		if problem := untimely(pair.Leaf, now); problem != "" {
			found.warn(errors.New(problem), "cert")
		}
	}
	c.placeholders(&found)
	c.shortSecrets(&found)
	c.absent(&found)
	return found
}

// beyondLoopback reports whether others than this machine can connect to an address.
func beyondLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil || strings.EqualFold(host, "localhost") {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || !ip.IsLoopback()
}

// absent names sections about nobody, as far as the data directory tells who there is.
func (c Config) absent(found *checker) {
	path := filepath.Join(c.Data, AccountsFile)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return // a new bus has nobody yet
	}
	store, err := account.Open(path, account.Options{})
	if err != nil {
		return // a bus that starts says so
	}
	accounts, err := store.List()
	if err != nil {
		return
	}
	known, feeds := map[string]bool{}, map[string]bool{}
	for _, a := range accounts {
		known[ircbus.Fold(a.Name)] = a.Role == account.Publisher
		for _, channel := range a.Feeds() {
			feeds[ircbus.Fold(channel)] = true
		}
	}
	c.aboutNobody(found, func(name string) bool { return known[ircbus.Fold(name)] }, func(channel string) bool { return feeds[ircbus.Fold(channel)] })
}
