package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// hosts are the names under which the bus is asked.
type hosts struct {
	public string // the host of the public address, "" if there is none
	own    string // the one that the bus tells others without a public address
	listed bool   // there is no public address, so that listed proxies may name any host
}

func newHosts(public, self string) hosts {
	return hosts{public: hostIn(public), own: hostIn(self), listed: public == ""}
}

func hostIn(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return hostName(u.Host)
}

// hostName is the host of an authority (RFC 3986, 3.2) as names are compared: in
// lower case, without port, brackets and the dot at its end; "" if it is malformed.
func hostName(authority string) string {
	host := authority
	if name, port, err := net.SplitHostPort(authority); err == nil {
		if strings.Trim(port, "0123456789") != "" {
			return ""
		}
		host = name
	} else if inner, ok := strings.CutPrefix(host, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok {
			return ""
		}
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if strings.Contains(host, ":") && !isLiteral(host) {
		return ""
	}
	return host
}

func isLiteral(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// isThisMachine reports whether a name always means the machine that resolves it.
func isThisMachine(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && (addr.Unmap().IsLoopback() || addr.IsUnspecified())
}

// isOnLoopback reports whether the request came to an address of loopback.
func isOnLoopback(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && local.IP.IsLoopback()
}

// knows reports whether the request names a host that the bus is asked under. On
// loopback any web page can let its own name mean the bus (DNS rebinding), and a
// browser then takes the bus for a part of that page's site: only names that
// nobody can bend count there. Browsers always name one.
func (n hosts) knows(r *http.Request) bool {
	if !isOnLoopback(r) || r.Host == "" && !r.ProtoAtLeast(1, 1) {
		return true
	}
	host := hostName(r.Host)
	switch {
	case host == "":
		return false
	case host == "localhost", isLiteral(host), host == n.public, host == n.own:
		return true
	}
	return n.listed && isProxied(r)
}

// mayName reports whether addresses in an answer may have the host that the request
// names, if there is no public address: one that is no name at all, the machine's
// own, what a listed proxy passes on, or what TLS was made for. Who asks may have been
// sent here under any other.
func (n hosts) mayName(r *http.Request) bool {
	host := hostName(r.Host)
	return host != "" && (isLiteral(host) || host == "localhost" || host == n.own || isProxied(r) ||
		r.TLS != nil && strings.EqualFold(strings.TrimSuffix(r.TLS.ServerName, "."), host))
}

// misdirected answers requests under names that the bus does not know.
func (h *Handler) misdirected(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.hosts.knows(r) {
			next.ServeHTTP(w, r)
			return
		}
		const remedy = "set url to the bus's public address, or list the proxy in front of it in proxies"
		h.strangeHost.Do(func() {
			h.Logger.Warn("a request on loopback names a host that is not the bus's: a web page may try to reach it through a browser here; otherwise "+
				remedy+" (in the configuration)", "host", clip(r.Host))
		})
		h.fail(w, r, &Problem{Status: http.StatusMisdirectedRequest, Detail: "this bus is not known under the host " + quoteHost(r.Host) +
			": use its address or localhost, or " + remedy + " in its configuration"})
	})
}

func quoteHost(host string) string { return `"` + clip(strings.ToValidUTF8(host, "?")) + `"` }

// mayRead reports whether anybody's page may read the answer: of a bus that is
// open to everybody and asked as such, through a listed proxy or under the host of
// its public address. What is asked in another way may be private.
func (h *Handler) mayRead(r *http.Request) bool {
	public := h.hosts.public
	return !h.Closed && h.hosts.knows(r) && (isProxied(r) || public != "" && !isThisMachine(public) && hostName(r.Host) == public)
}

// isForeign reports whether a browser sends the request for a page of another
// site. Programs that are no browsers set none of these headers.
func (h *Handler) isForeign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return true
	}
	return slices.ContainsFunc(append(r.Header.Values("Origin"), r.Header.Values("Referer")...), func(page string) bool {
		return page != "" && !h.isOwnPage(r, page)
	})
}

// isOwnPage reports whether an address is on the site that the request goes to.
func (h *Handler) isOwnPage(r *http.Request, page string) bool {
	u, err := url.Parse(page)
	if err != nil || u.Host == "" {
		return false
	}
	public, err := url.Parse(h.URL)
	return sameSite(u.Host, r.Host) || err == nil && public.Host != "" && sameSite(u.Host, public.Host)
}

// sameSite compares authorities. The usual ports count as none.
func sameSite(a, b string) bool {
	return hostName(a) != "" && hostName(a) == hostName(b) && unusualPort(a) == unusualPort(b)
}

func unusualPort(authority string) string {
	_, port, err := net.SplitHostPort(authority)
	if err != nil || port == "80" || port == "443" {
		return ""
	}
	return port
}
